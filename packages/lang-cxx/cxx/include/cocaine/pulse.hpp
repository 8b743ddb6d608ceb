#pragma once

#include <poll.h>

#include <chrono>
#include <thread>

#include "protocol.hpp"

namespace cocaine::detail {

/// Answers are held back so long at the most while app code runs.
inline constexpr std::chrono::milliseconds tick{1};

using clock = std::chrono::steady_clock;

/// A thread for what must not wait for app code: heartbeats, answers that are held back, the end of the engine.
///
/// It sleeps between heartbeats; while answers are held back under load, it ticks.
/// @tparam Link socket_link or shared_link
template <class Link>
class pulse {
 public:
  pulse(Link& link, std::chrono::milliseconds interval)
      : link_{link}, interval_{interval}, thread_{[this] { run(); }} {}
  pulse(const pulse&) = delete;
  pulse& operator=(const pulse&) = delete;
  /// The worker leaves.
  ~pulse() {
    link_.leave();
    thread_.join();
  }

 private:
  /// Ticks without anything to send after which it goes to sleep.
  static constexpr int idle_ticks = 20;

  void run() {
    auto due = clock::now() + interval_;
    int idle = 0;
    while (true) {
      const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(due - clock::now()) + tick;
      const bool woken = wait(link_.ticking() ? tick : rest);
      if (link_.leaving()) return;
      if (clock::now() >= due) {
        due = clock::now() + interval_;
        link_.send(code::heartbeat, 0, 0);
        link_.try_flush();
      }
      // What it was woken for has not waited yet.
      if (woken || !link_.ticking()) continue;
      if (link_.waiting()) {
        idle = 0;
        link_.try_flush();
      } else if (++idle == idle_ticks) {
        idle = 0;
        link_.stop_ticking();
      }
    }
  }

  /// @returns whether the bell has rung
  bool wait(std::chrono::milliseconds time) {
    // Of a socket that is closed the system tells in any case; POLLRDHUP tells of one that is closing.
#ifdef POLLRDHUP
    constexpr short closing = POLLRDHUP;
#else
    constexpr short closing = 0;
#endif
    pollfd watched[] = {{link_.descriptor(), closing, 0}, {link_.bell().descriptor(), POLLIN, 0}};
    const auto milliseconds = time.count() < 0 ? 0 : time.count();
    if (::poll(watched, 2, static_cast<int>(milliseconds)) <= 0) return false;
    if (watched[0].revents != 0) link_.gone();
    link_.bell().silence();
    return true;
  }

  Link& link_;
  const std::chrono::milliseconds interval_;
  std::thread thread_;
};

}  // namespace cocaine::detail
