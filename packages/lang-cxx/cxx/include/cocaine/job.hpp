#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cancelled.hpp"
#include "link.hpp"
#include "message.hpp"
#include "protocol.hpp"
#include "waiter.hpp"

namespace cocaine::detail {

/// One job: what came of its request, and how much of its response may be sent. The engine's side and the code's side
/// may be two threads.
class job {
 public:
  explicit job(message&& invoke) : invoke_{std::move(invoke)}, ended_{invoke_.end()} {}

  std::uint32_t number() const noexcept { return invoke_.job(); }
  std::string_view method() const noexcept { return invoke_.frame(0); }
  std::string_view metadata() const noexcept { return invoke_.frame(1); }
  /// The part of the request that came with INVOKE.
  std::string_view first() const noexcept { return invoke_.frame(2); }
  /// Whether that is all of it.
  bool whole() const noexcept { return invoke_.end(); }

  // --- what the engine says ---

  void push(std::string&& chunk, bool end) {
    const std::lock_guard lock{mutex_};
    if (!chunk.empty()) chunks_.push_back(std::move(chunk));
    ended_ = ended_ || end;
    changed_.notify_one();
  }

  void credit(std::uint32_t bytes) {
    const std::lock_guard lock{mutex_};
    window_ += bytes;
    changed_.notify_one();
  }

  void cancel(std::string reason) {
    const std::lock_guard lock{mutex_};
    cancelled_ = std::move(reason);
    changed_.notify_one();
  }

  // --- what the code does ---

  bool is_cancelled(waiter& engine) {
    engine.look();
    const std::lock_guard lock{mutex_};
    return cancelled_.has_value();
  }

  /// The next chunk after the first, once it is there; none at the end.
  std::optional<std::string> next(link& out, waiter& engine) {
    std::unique_lock lock{mutex_};
    await(lock, out, engine, [this] { return !chunks_.empty() || ended_; });
    if (chunks_.empty()) return std::nullopt;
    std::optional<std::string> chunk{std::move(chunks_.front())};
    chunks_.pop_front();
    return chunk;
  }

  /// Tells the engine what the code has taken of the request, once that is half of the window.
  void consumed(std::size_t bytes, link& out) {
    consumed_ += bytes;
    if (consumed_ < static_cast<std::size_t>(window / 2)) return;
    {
      const std::lock_guard lock{mutex_};
      if (ended_) return;
    }
    char frame[4];
    write_uint32(frame, static_cast<std::uint32_t>(consumed_));
    consumed_ = 0;
    out.send(code::credit, 0, number(), {{frame, sizeof frame}});
    out.release_soon();
  }

  /// Waits until a frame of that size may be sent.
  void take(std::size_t bytes, link& out, waiter& engine) {
    engine.look();
    std::unique_lock lock{mutex_};
    await(lock, out, engine, [this] { return window_ > 0; });
    window_ -= static_cast<std::int64_t>(bytes);
  }

 private:
  template <class Ready>
  void await(std::unique_lock<std::mutex>& lock, link& out, waiter& engine, Ready ready) {
    if (!cancelled_ && !ready()) {
      lock.unlock();
      out.flush();
      lock.lock();
      while (!cancelled_ && !ready()) engine.wait(lock, changed_);
    }
    if (cancelled_) throw cancelled{*cancelled_};
  }

  const message invoke_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> chunks_;
  bool ended_;
  std::optional<std::string> cancelled_;
  std::int64_t window_ = detail::window;
  /// Of the code's thread alone.
  std::size_t consumed_ = 0;
};

}  // namespace cocaine::detail
