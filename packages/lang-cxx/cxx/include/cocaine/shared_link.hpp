#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "batch.hpp"
#include "bell.hpp"
#include "link.hpp"
#include "protocol.hpp"

namespace cocaine::detail {

/// The way to the engine from within its process: what is to be told waits here, and the thread of JavaScript that
/// loaded this library takes it when it is rung for. Any thread sends.
class shared_link final : public link {
 public:
  /// What the thread of JavaScript is rung for: one byte each.
  enum class ring : char { messages = 'm', output = 'o', end = 'e' };

  /// @param on_gone called once, when that thread has gone: nobody waits for what is done here
  explicit shared_link(std::function<void()> on_gone) : on_gone_{std::move(on_gone)} {
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()) != 0) {
      throw std::system_error{errno, std::generic_category(), "socketpair"};
    }
    for (const int end : ends_) {
      ::fcntl(end, F_SETFD, FD_CLOEXEC);
      ::fcntl(end, F_SETFL, O_NONBLOCK);
    }
  }
  ~shared_link() override { ::close(ends_[0]); }

  void send(code what, std::uint8_t flags, std::uint32_t job,
            std::initializer_list<std::string_view> frames = {}) override {
    std::unique_lock lock{mutex_};
    // Only code of the app may wait, since the thread that makes room says other things here itself.
    if (what == code::chunk || what == code::log) {
      if (out_.size() >= most_waiting) call(lock);
      room_.wait(lock, [this] { return out_.size() < most_waiting || leaving_; });
    }
    if (gone_) return;
    last_job_ = what == code::chunk ? job : 0;
    last_flags_ = batch::add_message(out_, what, flags, job, frames);
    waiting_ = true;
    if (out_.size() >= batch_size) call(lock);
  }

  bool end_with_last(std::uint32_t job) override {
    const std::lock_guard lock{mutex_};
    if (last_job_ != job) return false;
    last_job_ = 0;
    out_[last_flags_] = static_cast<char>(end_flag);
    return true;
  }

  void flush() override {
    if (!waiting_) return;
    std::unique_lock lock{mutex_};
    call(lock);
  }

  void release_soon() override {
    if (waiting_ && !ticking_ && !ticking_.exchange(true)) bell_.ring();
  }

  /// What the app prints. @param error whether to standard error
  void print(bool error, std::string_view text) {
    std::unique_lock lock{mutex_};
    std::string& printed = printed_[error ? 1 : 0];
    room_.wait(lock, [&] { return printed.size() < most_printed || leaving_; });
    if (gone_) return;
    printed.append(text);
    if (std::exchange(rung_for_output_, true)) return;
    call(ring::output);
  }

  // --- for the thread of JavaScript ---

  /// Its end: it is rung by bytes that come there. It closes it.
  int bell_descriptor() const noexcept { return ends_[1]; }

  /// Takes all messages that wait.
  /// @returns how many bytes they are; where there is no room for them they stay
  std::size_t take(char* into, std::size_t room) {
    const std::lock_guard lock{mutex_};
    if (out_.size() > room) return out_.size();
    const std::size_t size = move(out_, into);
    rung_ = false;
    waiting_ = false;
    last_job_ = 0;
    return size;
  }

  /// Takes what was printed, in the same way.
  std::size_t take_printed(bool error, char* into, std::size_t room) {
    const std::lock_guard lock{mutex_};
    std::string& printed = printed_[error ? 1 : 0];
    if (printed.size() > room) return printed.size();
    rung_for_output_ = false;
    return move(printed, into);
  }

  /// Nothing more comes.
  void tell_end() {
    std::unique_lock lock{mutex_};
    call(ring::end);
  }

  // --- for the pulse ---

  /// flush() never waits here. @returns true
  bool try_flush() {
    flush();
    return true;
  }
  bool leaving() const noexcept { return leaving_; }
  bool ticking() const noexcept { return ticking_; }
  bool waiting() const noexcept { return waiting_; }
  /// No more ticks, unless somebody relied on them a moment ago.
  void stop_ticking() noexcept {
    ticking_ = false;
    if (waiting_) ticking_ = true;
  }
  /// Closed by the other side when that goes.
  int descriptor() const noexcept { return ends_[0]; }
  detail::bell& bell() noexcept { return bell_; }

  /// The thread of JavaScript has gone: whoever waits for it goes on, and what is said is forgotten.
  void gone() {
    {
      const std::lock_guard lock{mutex_};
      if (leaving_) return;
      gone_ = true;
      leaving_ = true;
    }
    room_.notify_all();
    on_gone_();
  }

  /// Sends all that waits; the pulse ends.
  void leave() {
    flush();
    leaving_ = true;
    room_.notify_all();
    bell_.ring();
  }

 private:
  /// Bytes that are held back at the most, so that the engine works meanwhile.
  static constexpr std::size_t batch_size = 8'192;
  /// Bytes that may wait before the app has to.
  static constexpr std::size_t most_waiting = 2 * frame_limit;
  static constexpr std::size_t most_printed = frame_limit;
  /// What a buffer may keep of the memory that long chunks made it take.
  static constexpr std::size_t kept_size = 262'144;

  /// Rings, once until what waits is taken.
  void call(std::unique_lock<std::mutex>&) {
    if (!out_.empty() && !std::exchange(rung_, true)) call(ring::messages);
  }

  void call(ring what) noexcept {
    const char byte = static_cast<char>(what);
    [[maybe_unused]] const auto written = ::send(ends_[0], &byte, 1, MSG_NOSIGNAL);
  }

  std::size_t move(std::string& from, char* into) {
    const std::size_t size = from.size();
    std::memcpy(into, from.data(), size);
    from.clear();
    if (from.capacity() > kept_size) from.shrink_to_fit();
    room_.notify_all();
    return size;
  }

  const std::function<void()> on_gone_;
  std::array<int, 2> ends_{};
  std::mutex mutex_;
  std::condition_variable room_;
  std::string out_;
  std::array<std::string, 2> printed_;
  /// Whether it was rung for what waits.
  bool rung_ = false;
  bool rung_for_output_ = false;
  bool gone_ = false;
  /// Job of the message at the end of out_ if it is a chunk, or 0, and where its flags are.
  std::uint32_t last_job_ = 0;
  std::size_t last_flags_ = 0;
  std::atomic<bool> waiting_{false};
  std::atomic<bool> ticking_{false};
  std::atomic<bool> leaving_{false};
  detail::bell bell_;
};

}  // namespace cocaine::detail
