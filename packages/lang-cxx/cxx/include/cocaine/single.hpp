#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "job.hpp"
#include "job_table.hpp"
#include "methods.hpp"
#include "progress.hpp"
#include "pulse.hpp"
#include "run_job.hpp"
#include "socket_link.hpp"
#include "waiter.hpp"

namespace cocaine::detail {

/// Runs one job at a time, on the thread that receives: no job costs a switch of threads.
class single final : public waiter {
 public:
  /// @param mark where the number of the running job is written; may be null
  single(const methods& known, socket_link& link, progress_mark* mark)
      : known_{known}, link_{link}, mark_{mark}, table_{link} {}

  /// Until TERMINATE, when the last job that was sent before it has ended.
  void run() {
    while (true) {
      work();
      link_.flush();
      if (table_.terminating()) return;
      receive(true);
    }
  }

  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable&) override {
    lock.unlock();
    receive(true);
    lock.lock();
  }

  /// For what is done often: looks once a tick.
  void look() override {
    const auto now = clock::now();
    if (now - looked_ < tick) return;
    looked_ = now;
    receive(false);
  }

 private:
  void work() {
    auto since = clock::now();
    while (job* const next = table_.begin()) {
      if (mark_ != nullptr) mark_->set(next->number());
      link_.release_soon();
      run_job(*next, known_, link_, *this);
      table_.finish(next);
      const auto now = clock::now();
      if (now - since < tick) continue;
      since = now;
      link_.flush();
      // A job that was sent ahead may have been cancelled meanwhile.
      looked_ = now;
      receive(false);
    }
  }

  void receive(bool wait) {
    link_.receive(wait, [this](message&& said) { table_.receive(std::move(said)); });
  }

  const methods& known_;
  socket_link& link_;
  progress_mark* const mark_;
  job_table table_;
  clock::time_point looked_{};
};

}  // namespace cocaine::detail
