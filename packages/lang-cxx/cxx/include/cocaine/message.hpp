#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "protocol.hpp"

namespace cocaine::detail {

/// A message of the engine: its header taken apart, and the frames after it, in memory of its own.
class message {
 public:
  /// Of those that the engine sends, INVOKE has the most.
  static constexpr std::size_t most_frames = 3;

  /// @param header frame 0, of header_size bytes
  explicit message(std::string_view header) noexcept
      : kind_{static_cast<code>(header[0])},
        end_{(static_cast<unsigned char>(header[1]) & end_flag) != 0},
        job_{read_uint32(header.data() + 4)} {}

  void reserve(std::size_t size) { bytes_.reserve(size); }

  void add(std::string_view frame) {
    bytes_.append(frame);
    ends_[count_++] = bytes_.size();
  }

  code kind() const noexcept { return kind_; }
  bool end() const noexcept { return end_; }
  std::uint32_t job() const noexcept { return job_; }
  bool has(std::size_t index) const noexcept { return index < count_; }

  /// A frame after the header; empty where there is none. Valid while the message is neither changed nor moved.
  std::string_view frame(std::size_t index) const noexcept {
    if (!has(index)) return {};
    const std::size_t start = index == 0 ? 0 : ends_[index - 1];
    return std::string_view{bytes_}.substr(start, ends_[index] - start);
  }

  /// The bytes of a message of one frame.
  std::string take() && { return std::move(bytes_); }

 private:
  code kind_;
  bool end_;
  std::uint32_t job_;
  std::size_t count_ = 0;
  std::array<std::size_t, most_frames> ends_{};
  std::string bytes_;
};

}  // namespace cocaine::detail
