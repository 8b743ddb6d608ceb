#pragma once

namespace cocaine::detail {

/// Of the package; HELLO names it.
inline constexpr const char* kit_version = "0.0.0";

}  // namespace cocaine::detail
