/// The worker protocol, version 1 (docs/worker-protocol.md).
#pragma once

#include <cstddef>
#include <cstdint>

namespace cocaine::detail {

/// The first byte of a message.
enum class code : std::uint8_t {
  invoke = 1,
  terminate = 2,
  write = 3,
  cancel = 4,
  credit = 5,
  chunk = 10,
  choke = 11,
  heartbeat = 13,
  hello = 14,
  error = 15,
  log = 16,
};

/// Flag of a message: nothing more comes in this direction of the job.
inline constexpr std::uint8_t end_flag = 1;

inline constexpr std::size_t header_size = 8;

/// Bytes that each direction of a job may send before it needs CREDIT.
inline constexpr std::int64_t window = 262'144;

/// The largest frame, in bytes.
inline constexpr std::size_t frame_limit = 1'048'576;

inline std::uint32_t read_uint32(const char* bytes) noexcept {
  std::uint32_t value = 0;
  for (int index = 0; index < 4; ++index) value = value << 8 | static_cast<unsigned char>(bytes[index]);
  return value;
}

inline void write_uint32(char* bytes, std::uint32_t value) noexcept {
  for (int index = 0; index < 4; ++index) bytes[index] = static_cast<char>(value >> (24 - 8 * index) & 0xff);
}

}  // namespace cocaine::detail
