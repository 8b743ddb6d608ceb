#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace cocaine::detail {

/// Wakes a thread that waits in poll(2).
class bell {
 public:
  bell() {
    if (::pipe(ends_.data()) != 0) throw std::system_error{errno, std::generic_category(), "pipe"};
    for (const int end : ends_) {
      ::fcntl(end, F_SETFD, FD_CLOEXEC);
      ::fcntl(end, F_SETFL, O_NONBLOCK);
    }
  }
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;
  ~bell() {
    for (const int end : ends_) ::close(end);
  }

  /// To be polled for reading.
  int descriptor() const noexcept { return ends_[0]; }

  void ring() noexcept {
    // A full pipe has rung.
    [[maybe_unused]] const auto written = ::write(ends_[1], "", 1);
  }

  void silence() noexcept {
    char bytes[64];
    while (::read(ends_[0], bytes, sizeof bytes) > 0) continue;
  }

 private:
  std::array<int, 2> ends_{};
};

}  // namespace cocaine::detail
