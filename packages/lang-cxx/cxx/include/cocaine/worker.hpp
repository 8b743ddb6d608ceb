/// Cocaine's worker kit for C++17. An app registers handlers by the names of its tasks, and serves:
///
///     #include <cocaine/worker.hpp>
///
///     int main() {
///       cocaine::worker w;
///       w.on("event", [](cocaine::request& in) { return "hello, " + std::string{in.bytes()}; });
///       return w.run();
///     }
#pragma once

#include <string>
#include <utility>

#include "cancelled.hpp"
#include "methods.hpp"
#include "request.hpp"
#include "response.hpp"

#ifdef COCAINE_SHARED
#include "shared.hpp"
#else
#include "process.hpp"
#endif

namespace cocaine {

/// The handlers of an app.
class worker {
 public:
  /// Has the jobs of a task run by `code`: a function of (request&, response&), or of (request&), whose result is the
  /// response. Where the manifest's concurrency is above 1, several threads call it at once.
  template <class Code>
  worker& on(std::string task, Code&& code) {
    methods_.insert_or_assign(std::move(task), detail::make_handler(std::forward<Code>(code)));
    return *this;
  }

  /// Serves until the engine says that it is enough; for `return w.run();` in main().
  /// @returns the status that the process is to exit with; what is wrong is on standard error
  int run() noexcept {
#ifdef COCAINE_SHARED
    return detail::run_shared(methods_);
#else
    return detail::run_process(methods_);
#endif
  }

  /// The handlers, for what drives them by another link than the process's socket.
  const detail::methods& methods() const noexcept { return methods_; }

 private:
  detail::methods methods_;
};

}  // namespace cocaine
