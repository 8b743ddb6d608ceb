#pragma once

#include <condition_variable>
#include <mutex>

namespace cocaine::detail {

/// How a thread that runs a job learns what the engine says of it.
class waiter {
 public:
  waiter() = default;
  waiter(const waiter&) = delete;
  waiter& operator=(const waiter&) = delete;
  virtual ~waiter() = default;

  /// Waits until something may have come for the job. @param changed notified when it has, by another thread
  virtual void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed) = 0;

  /// Takes what has come, without waiting.
  virtual void look() = 0;
};

}  // namespace cocaine::detail
