#pragma once

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bell.hpp"
#include "link.hpp"
#include "protocol.hpp"
#include "socket.hpp"
#include "zmtp.hpp"

namespace cocaine::detail {

/// The connection to the engine. Any thread sends; one receives.
class socket_link final : public link {
 public:
  explicit socket_link(socket&& connected) : socket_{std::move(connected)}, in_(receive_size) {}

  void send(code what, std::uint8_t flags, std::uint32_t job,
            std::initializer_list<std::string_view> frames = {}) override {
    char header[header_size] = {static_cast<char>(what), static_cast<char>(flags)};
    write_uint32(header + 4, job);
    std::size_t size;
    {
      const std::lock_guard lock{out_mutex_};
      std::size_t left = frames.size();
      last_job_ = what == code::chunk ? job : 0;
      // After the header of the frame, and the code.
      last_flags_ = out_.size() + 3;
      zmtp::add_frame(out_, {header, sizeof header}, left > 0 ? zmtp::more_flag : 0);
      for (const std::string_view frame : frames) zmtp::add_frame(out_, frame, --left > 0 ? zmtp::more_flag : 0);
      size = out_.size();
      waiting_ = true;
    }
    if (size >= batch_size) flush();
  }

  bool end_with_last(std::uint32_t job) override {
    const std::lock_guard lock{out_mutex_};
    if (last_job_ != job) return false;
    last_job_ = 0;
    out_[last_flags_] = static_cast<char>(end_flag);
    return true;
  }

  void flush() override {
    if (!waiting_) return;
    const std::lock_guard lock{write_mutex_};
    drain();
  }

  void release_soon() override {
    if (waiting_ && !ticking_ && !ticking_.exchange(true)) bell_.ring();
  }

  /// flush() for a thread that must not wait behind another's sending. @returns whether it could
  bool try_flush() {
    const std::unique_lock lock{write_mutex_, std::try_to_lock};
    if (!lock) return false;
    drain();
    return true;
  }

  /// Reads once, and calls `on_message(message&&)` for what is complete with it.
  template <class OnMessage>
  void receive(bool wait, OnMessage on_message) {
    const std::size_t wanted = std::max(need_, held_ + receive_size);
    if (in_.size() < wanted) in_.resize(wanted);
    const ssize_t read = socket_.receive(in_.data() + held_, in_.size() - held_, wait);
    if (read < 0) return;
    if (read == 0) gone();
    held_ += static_cast<std::size_t>(read);
    if (held_ < need_) return;
    const auto [start, need] =
        zmtp::split({in_.data(), held_}, on_message, [this](std::string_view command) { answer(command); });
    std::copy(in_.begin() + static_cast<std::ptrdiff_t>(start), in_.begin() + static_cast<std::ptrdiff_t>(held_),
              in_.begin());
    held_ -= start;
    need_ = need;
  }

  /// Waits until there is something to receive, or the bell has rung.
  void await(detail::bell& other) {
    pollfd watched[] = {{socket_.descriptor(), POLLIN, 0}, {other.descriptor(), POLLIN, 0}};
    ::poll(watched, 2, -1);
  }

  /// The engine has left: nobody waits for what this process does.
  [[noreturn]] void gone() noexcept {
    if (!leaving_) {
      constexpr std::string_view text = "the engine closed the connection\n";
      // Whoever read the output may have left with it.
      [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
    }
    std::_Exit(leaving_ ? EXIT_SUCCESS : EXIT_FAILURE);
  }

  /// Sends all that waits; from now on the engine may go.
  void leave() {
    flush();
    leaving_ = true;
    bell_.ring();
  }

  // --- for the pulse ---

  bool leaving() const noexcept { return leaving_; }
  bool ticking() const noexcept { return ticking_; }
  bool waiting() const noexcept { return waiting_; }
  /// No more ticks, unless somebody relied on them a moment ago.
  void stop_ticking() noexcept {
    ticking_ = false;
    if (waiting_) ticking_ = true;
  }
  int descriptor() const noexcept { return socket_.descriptor(); }
  detail::bell& bell() noexcept { return bell_; }

 private:
  static constexpr std::size_t receive_size = 65'536;
  /// Bytes that are held back at the most.
  static constexpr std::size_t batch_size = 65'536;
  /// What a buffer may keep of the memory that long chunks made it take.
  static constexpr std::size_t kept_size = 4 * batch_size;

  /// Under write_mutex_, so that messages stay whole and in order.
  void drain() {
    {
      const std::lock_guard lock{out_mutex_};
      out_.swap(sending_);
      last_job_ = 0;
      waiting_ = false;
    }
    if (!socket_.send(sending_)) gone();
    sending_.clear();
    if (sending_.capacity() > kept_size) sending_.shrink_to_fit();
  }

  void answer(std::string_view command) {
    const std::string bytes = zmtp::answer(command);
    if (bytes.empty()) return;
    const std::lock_guard lock{out_mutex_};
    out_ += bytes;
    last_job_ = 0;
    waiting_ = true;
  }

  socket socket_;
  std::mutex out_mutex_;
  std::mutex write_mutex_;
  std::string out_;
  std::string sending_;
  /// Job of the message at the end of out_ if it is a chunk, or 0, and where its flags are.
  std::uint32_t last_job_ = 0;
  std::size_t last_flags_ = 0;
  std::atomic<bool> waiting_{false};
  std::atomic<bool> ticking_{false};
  std::atomic<bool> leaving_{false};
  detail::bell bell_;
  std::vector<char> in_;
  /// Bytes in in_, and how many there must be to go on.
  std::size_t held_ = 0;
  std::size_t need_ = 0;
};

}  // namespace cocaine::detail
