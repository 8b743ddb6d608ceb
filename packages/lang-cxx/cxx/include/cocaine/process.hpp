/// The worker process; its environment is that of docs/worker-protocol.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "bell.hpp"
#include "hello.hpp"
#include "job_table.hpp"
#include "methods.hpp"
#include "pool.hpp"
#include "progress.hpp"
#include "protocol.hpp"
#include "pulse.hpp"
#include "single.hpp"
#include "socket.hpp"
#include "socket_link.hpp"

namespace cocaine::detail {

/// A variable of the environment; empty where there is none.
inline std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

/// A number of the environment that must be above 0.
inline double number(const char* name, double otherwise) {
  const double value = std::strtod(variable(name).c_str(), nullptr);
  return value > 0 ? value : otherwise;
}

/// Several jobs at once, on the threads of a pool, while this one receives.
inline void run_pool(const methods& known, socket_link& link, std::size_t concurrency) {
  bell done;
  job_table table{link};
  pool threads{known, link, table, done, concurrency};
  const auto receive = [&](bool wait) {
    link.receive(wait, [&](message&& said) { table.receive(std::move(said)); });
  };
  while (!table.terminating()) {
    receive(true);
    threads.grow();
  }
  // What the engine says to the jobs that are left still counts.
  while (table.size() > 0) {
    link.await(done);
    receive(false);
  }
}

/// Serves the engine that the environment names, until it says that this is enough.
inline void serve(const methods& known, const std::string& endpoint, const std::string& identity) {
  const auto concurrency = static_cast<std::size_t>(number("COCAINE_CONCURRENCY", 1));
  const std::string progress = concurrency > 1 ? "" : variable("COCAINE_PROGRESS");
  std::optional<progress_mark> mark;
  if (!progress.empty()) mark.emplace(progress);
  socket_link link{connect(endpoint, identity)};
  link.send(code::hello, 0, 0, {hello(mark.has_value(), known)});
  link.flush();
  const std::chrono::duration<double> heartbeat{number("COCAINE_HEARTBEAT", 60) / 3};
  const pulse alive{link, std::chrono::duration_cast<std::chrono::milliseconds>(heartbeat)};
  if (concurrency > 1) run_pool(known, link, concurrency);
  else single{known, link, mark ? &*mark : nullptr}.run();
}

/// @returns the status that the process is to exit with
inline int run_process(const methods& known) noexcept {
  try {
    const std::string endpoint = variable("COCAINE_ENDPOINT");
    const std::string identity = variable("COCAINE_IDENTITY");
    if (endpoint.empty() || identity.empty()) {
      std::fputs("this program is started by Cocaine: COCAINE_ENDPOINT and COCAINE_IDENTITY needed\n", stderr);
      return EXIT_FAILURE;
    }
    // Into a pipe, output would wait until there is much of it.
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    serve(known, endpoint, identity);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "the worker cannot serve: %s\n", error.what());
    return EXIT_FAILURE;
  }
}

}  // namespace cocaine::detail
