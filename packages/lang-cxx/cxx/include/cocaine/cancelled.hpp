#pragma once

#include <string>
#include <utility>

namespace cocaine {

/// Thrown into a job that nobody waits for any more, where it reads its request or writes its response.
///
/// It is no std::exception: code that carries on after any of those must not carry on after this.
class cancelled {
 public:
  explicit cancelled(std::string reason) : reason_{std::move(reason)} {}

  /// Why, in the words of the engine.
  const char* what() const noexcept { return reason_.c_str(); }

 private:
  std::string reason_;
};

}  // namespace cocaine
