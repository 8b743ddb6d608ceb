#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "job.hpp"
#include "link.hpp"
#include "message.hpp"
#include "protocol.hpp"
#include "text.hpp"

namespace cocaine::detail {

/// The jobs of a worker that have not ended: takes what the engine says, from one thread, and gives them out to those
/// that run them.
class job_table {
 public:
  explicit job_table(link& out) : link_{out} {}

  /// Takes a message of the engine; one that this version does not know is ignored.
  void receive(message&& said) {
    switch (said.kind()) {
      case code::invoke: return add(std::move(said));
      case code::write: return with_job(said.job(), [&](job& found) {
        const bool end = said.end();
        found.push(std::move(said).take(), end);
      });
      case code::credit:
        if (said.frame(0).size() < 4) return;
        return with_job(said.job(), [&](job& found) { found.credit(read_uint32(said.frame(0).data())); });
      case code::cancel:
        return cancel(said.job(), std::string{said.frame(0).empty() ? "the job was cancelled" : said.frame(0)});
      case code::terminate: return terminate();
      default: return;
    }
  }

  /// The next job, which begins; none where none waits.
  job* begin() {
    const std::lock_guard lock{mutex_};
    return ahead_.empty() ? nullptr : next();
  }

  /// The same, but waits; none once all is done.
  job* await() {
    std::unique_lock lock{mutex_};
    while (ahead_.empty() && !terminating_) {
      ++idle_;
      changed_.wait(lock);
      --idle_;
      waking_ = false;
    }
    if (ahead_.empty()) return nullptr;
    job* const own = next();
    wake();
    return own;
  }

  /// The job is over, and no longer there. @returns whether it was the last before the worker ends
  bool finish(const job* over) {
    const std::lock_guard lock{mutex_};
    const auto found = std::find_if(running_.begin(), running_.end(), [&](const auto& own) { return own.get() == over; });
    std::swap(*found, running_.back());
    running_.pop_back();
    return terminating_ && ahead_.empty() && running_.empty();
  }

  /// Nobody waits for the jobs any more: those that have not begun are dropped, the others end where their code lets
  /// them, and no more come.
  void abandon(const std::string& reason) {
    const std::lock_guard lock{mutex_};
    terminating_ = true;
    ahead_.clear();
    for (const auto& own : running_) own->cancel(reason);
    changed_.notify_all();
  }

  /// Whether the engine has told the worker to end.
  bool terminating() const {
    const std::lock_guard lock{mutex_};
    return terminating_;
  }

  /// Whether jobs wait to begin.
  bool has_ahead() const {
    const std::lock_guard lock{mutex_};
    return !ahead_.empty();
  }

  /// Jobs that have not ended.
  std::size_t size() const {
    const std::lock_guard lock{mutex_};
    return ahead_.size() + running_.size();
  }

 private:
  void add(message&& invoke) {
    auto added = std::make_unique<job>(std::move(invoke));
    const std::lock_guard lock{mutex_};
    ahead_.push_back(std::move(added));
    wake();
  }

  /// Wakes a thread for the jobs that wait, unless one is on its way, which sees to the next: short jobs are over
  /// before a second one has come, so that one thread runs a batch of them, and long ones are joined by another each.
  void wake() {
    if (ahead_.empty() || idle_ == 0 || waking_) return;
    waking_ = true;
    changed_.notify_one();
  }

  void terminate() {
    const std::lock_guard lock{mutex_};
    terminating_ = true;
    changed_.notify_all();
  }

  /// A job that has not begun is dropped; one that runs ends where its code lets it.
  void cancel(std::uint32_t number, std::string reason) {
    {
      const std::lock_guard lock{mutex_};
      const auto found =
          std::find_if(ahead_.begin(), ahead_.end(), [&](const auto& own) { return own->number() == number; });
      if (found == ahead_.end()) {
        if (job* const running = find_running(number)) running->cancel(std::move(reason));
        return;
      }
      ahead_.erase(found);
    }
    link_.send(code::error, end_flag, number, {"cancelled", text(reason)});
  }

  /// Calls `action` with the job of that number, if there is one; it cannot end meanwhile.
  template <class Action>
  void with_job(std::uint32_t number, Action action) {
    const std::lock_guard lock{mutex_};
    if (job* const running = find_running(number)) return action(*running);
    for (const auto& own : ahead_) {
      if (own->number() == number) return action(*own);
    }
  }

  job* find_running(std::uint32_t number) const {
    for (const auto& own : running_) {
      if (own->number() == number) return own.get();
    }
    return nullptr;
  }

  job* next() {
    running_.push_back(std::move(ahead_.front()));
    ahead_.pop_front();
    return running_.back().get();
  }

  link& link_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<job>> ahead_;
  std::vector<std::unique_ptr<job>> running_;
  /// Threads that wait in await().
  std::size_t idle_ = 0;
  /// Whether one of them was notified, and has not come.
  bool waking_ = false;
  bool terminating_ = false;
};

}  // namespace cocaine::detail
