#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "batch.hpp"
#include "bell.hpp"
#include "failure.hpp"
#include "hello.hpp"
#include "job_table.hpp"
#include "methods.hpp"
#include "pool.hpp"
#include "progress.hpp"
#include "protocol.hpp"
#include "pulse.hpp"
#include "shared_link.hpp"
#include "shared_output.hpp"

namespace cocaine::detail {

/// The worker that a shared library is: one, since the app's globals are made for one. Its jobs have threads of their
/// own, so that the one of JavaScript, which feeds it, never waits for app code.
class shared_worker {
 public:
  struct settings {
    /// How often the engine wants to hear of it, at least.
    std::chrono::milliseconds heartbeat;
    /// Jobs that run at once.
    std::size_t concurrency;
  };

  explicit shared_worker(const settings& told)
      : told_{told}, link_{[this] { abandon(); }}, output_{link_}, table_{link_} {
#ifdef __linux__
    if (told_.concurrency == 1) mark_.emplace();
#endif
  }

  /// Runs the app's main() in a thread.
  void start(std::function<int()> program) {
    main_ = std::thread{[this, program = std::move(program)] {
      try {
        status_ = program();
        if (!served_) error_ = "main() returned " + std::to_string(status_) + " without a call of run()";
      } catch (...) {
        const failure failed = current_failure();
        error_ = failed.name + ": " + failed.message;
      }
      link_.tell_end();
    }};
  }

  /// What run() does here: serves until the engine says that it is enough.
  int serve(const methods& known) noexcept {
    served_ = true;
    try {
      pool threads{known, link_, table_, done_, told_.concurrency, mark_ ? &*mark_ : nullptr};
      // Before HELLO, which jobs follow at once.
      const feeding open{*this, threads};
      link_.send(code::hello, 0, 0, {hello(mark_.has_value(), known)});
      link_.flush();
      const pulse alive{link_, told_.heartbeat};
      await_end();
      return EXIT_SUCCESS;
    } catch (const std::exception& error) {
      error_ = std::string{"the worker cannot serve: "} + error.what();
      return EXIT_FAILURE;
    }
  }

  /// Takes what the engine says.
  void feed(std::string_view data) {
    batch::split(data, [this](message&& said) { table_.receive(std::move(said)); });
    const std::lock_guard lock{mutex_};
    if (pool_ != nullptr) pool_->grow();
    if (table_.terminating()) done_.ring();
  }

  shared_link& link() noexcept { return link_; }

  /// Descriptor of the file with the progress mark, for the caller to close; -1 where there is none.
  int release_mark() noexcept { return mark_ ? mark_->release() : -1; }

  /// Waits for the end of main(). @returns what went wrong, or nothing
  std::string join() {
    main_.join();
    if (error_.empty() && status_ != EXIT_SUCCESS) return "main() returned " + std::to_string(status_);
    return error_;
  }

 private:
  /// Jobs that do not end although nobody waits for them are told of after so long.
  static constexpr std::chrono::milliseconds patience{5'000};

  /// What is fed goes to the pool as long as this lives.
  class feeding {
   public:
    feeding(shared_worker& own, pool& threads) : own_{own} { own_.set_pool(&threads); }
    feeding(const feeding&) = delete;
    feeding& operator=(const feeding&) = delete;
    ~feeding() {
      own_.set_pool(nullptr);
      // Else the pool would wait for an engine that nobody listens to, where serving fails in the middle.
      own_.table_.abandon("the worker ends");
    }

   private:
    shared_worker& own_;
  };

  void set_pool(pool* threads) {
    const std::lock_guard lock{mutex_};
    pool_ = threads;
    if (pool_ != nullptr) pool_->grow();
  }

  void await_end() {
    bool told = false;
    while (!table_.terminating() || table_.size() > 0) {
      const bool impatient = link_.leaving() && !told;
      pollfd watched{done_.descriptor(), POLLIN, 0};
      if (::poll(&watched, 1, impatient ? static_cast<int>(patience.count()) : -1) > 0) {
        done_.silence();
      } else if (impatient) {
        told = true;
        std::fputs("cocaine: a job in C++ goes on although its worker was ended, and keeps its thread\n", stderr);
      }
    }
  }

  void abandon() {
    table_.abandon("the worker was ended");
    // Nobody is there to join it.
    main_.detach();
    done_.ring();
  }

  const settings told_;
  bell done_;
  shared_link link_;
  const shared_output output_;
  job_table table_;
  std::optional<progress_mark> mark_;
  std::mutex mutex_;
  /// While it serves.
  pool* pool_ = nullptr;
  bool served_ = false;
  int status_ = EXIT_FAILURE;
  std::string error_;
  std::thread main_;
};

}  // namespace cocaine::detail
