#pragma once

#include <unistd.h>

#include <string>

#include "json.hpp"
#include "methods.hpp"
#include "version.hpp"

namespace cocaine::detail {

/// The first message of a worker. @param progress whether it keeps a progress mark
inline std::string hello(bool progress, const methods& known) {
  std::string names;
  for (const auto& entry : known) names.append(names.empty() ? "" : ",").append(json::quote(entry.first));
  return "{\"protocol\":1,\"pid\":" + std::to_string(::getpid()) + ",\"language\":\"cxx\",\"kit\":\"cxx/" +
         kit_version + "\",\"progress\":" + (progress ? "true" : "false") + ",\"methods\":[" + names + "]}";
}

}  // namespace cocaine::detail
