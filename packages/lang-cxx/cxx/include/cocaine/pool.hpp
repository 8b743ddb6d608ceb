#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "bell.hpp"
#include "job.hpp"
#include "job_table.hpp"
#include "link.hpp"
#include "methods.hpp"
#include "progress.hpp"
#include "run_job.hpp"
#include "waiter.hpp"

namespace cocaine::detail {

/// Threads that run the jobs of a table, one each; there are as many as were needed at once. It knows no transport.
class pool final : public waiter {
 public:
  /// @param done rung when the last job has ended after the table was told to terminate
  /// @param limit the most threads
  /// @param mark where the number of the running job is written, if the limit is 1; may be null
  pool(const methods& known, link& out, job_table& table, bell& done, std::size_t limit, progress_mark* mark = nullptr)
      : known_{known}, link_{out}, table_{table}, done_{done}, limit_{limit}, mark_{mark} {}
  /// After the table was told to terminate; waits for the jobs that are left.
  ~pool() override {
    for (std::thread& own : threads_) own.join();
  }

  /// Starts the threads that jobs wait for. @throws std::system_error where there is none and none can be had
  void grow() {
    const std::size_t wanted = std::min(table_.size(), limit_);
    while (threads_.size() < wanted) {
      try {
        threads_.emplace_back([this] { run(); });
      } catch (const std::system_error&) {
        // The jobs wait for the threads that there are.
        if (threads_.empty()) throw;
        return;
      }
    }
  }

  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed) override { changed.wait(lock); }

  /// Another thread takes what comes.
  void look() override {}

 private:
  void run() {
    while (job* const next = table_.await()) {
      if (mark_ != nullptr) mark_->set(next->number());
      link_.release_soon();
      run_job(*next, known_, link_, *this);
      const bool last = table_.finish(next);
      if (!table_.has_ahead()) link_.flush();
      if (last) done_.ring();
    }
  }

  const methods& known_;
  link& link_;
  job_table& table_;
  bell& done_;
  const std::size_t limit_;
  progress_mark* const mark_;
  std::vector<std::thread> threads_;
};

}  // namespace cocaine::detail
