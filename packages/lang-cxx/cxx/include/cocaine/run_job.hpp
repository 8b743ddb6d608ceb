#pragma once

#include <cxxabi.h>

#include <cstdio>
#include <string>

#include "failure.hpp"
#include "job.hpp"
#include "link.hpp"
#include "methods.hpp"
#include "protocol.hpp"
#include "request.hpp"
#include "response.hpp"
#include "text.hpp"
#include "waiter.hpp"

namespace cocaine::detail {

inline const handler& find_handler(const methods& known, std::string_view method) {
  const auto found = known.find(method);
  if (found != known.end()) return found->second;
  std::string names;
  for (const auto& entry : known) names.append(names.empty() ? "" : ", ").append(entry.first);
  throw no_such_method{"the code has no handler \"" + std::string{method} +
                       "\"; it has: " + (names.empty() ? "none" : names)};
}

/// Runs a job's handler; whatever comes of it, the engine is told that the job has ended, once.
inline void run_job(job& own, const methods& known, link& out, waiter& engine) {
  response answer{own, out, engine};
  try {
    request asked{own, out, engine};
    find_handler(known, own.method())(asked, answer);
    if (!answer.ended()) answer.end();
#ifdef __GLIBCXX__
  } catch (abi::__forced_unwind&) {
    // A thread that is ended by pthread_exit() has to be let go.
    throw;
#endif
  } catch (...) {
    const failure failed = current_failure();
    if (answer.ended()) {
      std::fprintf(stderr, "%s after end(): %s\n", failed.name.c_str(), failed.message.c_str());
    } else {
      out.send(code::error, end_flag, own.number(), {text(failed.name), text(failed.message)});
    }
  }
}

}  // namespace cocaine::detail
