/// The C interface of an app that is a shared library, for workers in threads of the engine's process: defined where
/// COCAINE_SHARED is. One library is loaded for one worker.
#pragma once

#include <dlfcn.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

#include "methods.hpp"
#include "shared_worker.hpp"

namespace cocaine::detail {

/// The library's worker; none before it is opened. It is no static object of its own: at the exit of the process its
/// threads may still be there.
inline shared_worker* shared = nullptr;
/// What went wrong last.
inline std::string shared_error;
/// Keeps the library where it is as long as one of its threads may run.
inline void* shared_library = nullptr;

inline int run_shared(const methods& known) noexcept {
  return shared == nullptr ? EXIT_FAILURE : shared->serve(known);
}

using program = int (*)(int, char**);

/// The app's main(), which no code may name.
inline program find_main() {
  Dl_info own;
  if (::dladdr(reinterpret_cast<void*>(&run_shared), &own) == 0) throw std::runtime_error{"the library has no name"};
  shared_library = ::dlopen(own.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  void* const found = shared_library == nullptr ? nullptr : ::dlsym(shared_library, "main");
  if (found == nullptr) throw std::runtime_error{"the library has no main(), or hides it"};
  program made;
  std::memcpy(&made, &found, sizeof made);
  return made;
}

/// Calls `action`; what it throws is kept.
template <class Action>
int guard(Action action) noexcept {
  try {
    action();
    return 0;
  } catch (const std::exception& error) {
    shared_error = error.what();
    return -1;
  }
}

}  // namespace cocaine::detail

#define COCAINE_EXPORT extern "C" __attribute__((used, visibility("default"))) inline

/// Starts the worker. @param heartbeat seconds of silence after which it counts as hung
/// @returns the descriptor that rings, or -1
COCAINE_EXPORT std::int32_t cocaine_open(double heartbeat, std::uint32_t concurrency) {
  using namespace cocaine::detail;
  int descriptor = -1;
  const int failed = guard([&] {
    if (shared != nullptr) throw std::logic_error{"the library has a worker"};
    const program own = find_main();
    const std::chrono::duration<double> third{heartbeat / 3};
    auto made = std::make_unique<shared_worker>(
        shared_worker::settings{std::chrono::duration_cast<std::chrono::milliseconds>(third), concurrency});
    descriptor = made->link().bell_descriptor();
    shared = made.release();
    shared->start([own] {
      char name[] = "app";
      char* arguments[] = {name, nullptr};
      return own(1, arguments);
    });
  });
  return failed != 0 ? -1 : descriptor;
}

/// The descriptor of the file with the progress mark, once, for the caller to close; or -1.
COCAINE_EXPORT std::int32_t cocaine_progress() { return cocaine::detail::shared->release_mark(); }

/// Gives the worker a batch of messages. @returns 0, or -1
COCAINE_EXPORT std::int32_t cocaine_feed(const char* bytes, std::size_t size) {
  return cocaine::detail::guard([&] { cocaine::detail::shared->feed({bytes, size}); });
}

/// Takes the batch of messages that waits. @returns its bytes; above `room` it was not taken
COCAINE_EXPORT std::size_t cocaine_take(char* into, std::size_t room) {
  return cocaine::detail::shared->link().take(into, room);
}

/// Takes what was printed, to standard error or output, in the same way.
COCAINE_EXPORT std::size_t cocaine_take_printed(std::int32_t error, char* into, std::size_t room) {
  return cocaine::detail::shared->link().take_printed(error != 0, into, room);
}

/// After the ring of the end: frees all. The library may be unloaded then. @returns 0, or -1
COCAINE_EXPORT std::int32_t cocaine_close() {
  using namespace cocaine::detail;
  shared_error = shared->join();
  delete shared;
  shared = nullptr;
  ::dlclose(shared_library);
  return shared_error.empty() ? 0 : -1;
}

/// What went wrong, after -1.
COCAINE_EXPORT const char* cocaine_error() { return cocaine::detail::shared_error.c_str(); }

#undef COCAINE_EXPORT
