/// Messages between threads of one process (docs/worker-protocol.md, Threads): many in one piece of memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "message.hpp"
#include "protocol.hpp"

namespace cocaine::detail::batch {

/// Before each frame: its length, little endian.
inline constexpr std::size_t length_size = 4;

inline void add_frame(std::string& out, std::string_view frame) {
  char length[length_size];
  for (std::size_t index = 0; index < length_size; ++index) {
    length[index] = static_cast<char>(frame.size() >> (8 * index) & 0xff);
  }
  out.append(length, sizeof length).append(frame);
}

/// Adds a message. @returns where its flags are, for who changes them later
inline std::size_t add_message(std::string& out, code what, std::uint8_t flags, std::uint32_t job,
                               std::initializer_list<std::string_view> frames) {
  char header[header_size] = {static_cast<char>(what), static_cast<char>(flags)};
  write_uint32(header + 4, job);
  out.push_back(static_cast<char>(1 + frames.size()));
  const std::size_t start = out.size() + length_size;
  add_frame(out, {header, sizeof header});
  for (const std::string_view frame : frames) add_frame(out, frame);
  return start + 1;
}

/// Takes a batch apart: calls `on_message(message&&)` for each message.
/// @throws std::invalid_argument where it is none
template <class OnMessage>
void split(std::string_view data, OnMessage on_message) {
  const auto take = [&](std::size_t size) {
    if (data.size() < size) throw std::invalid_argument{"a batch ends in the middle of a message"};
    const std::string_view taken = data.substr(0, size);
    data.remove_prefix(size);
    return taken;
  };
  while (!data.empty()) {
    const auto count = static_cast<unsigned char>(take(1)[0]);
    std::array<std::string_view, message::most_frames + 1> frames;
    std::size_t held = 0;
    std::size_t bytes = 0;
    for (unsigned index = 0; index < count; ++index) {
      const std::string_view length = take(length_size);
      std::size_t size = 0;
      for (std::size_t at = length_size; at-- > 0;) size = size << 8 | static_cast<unsigned char>(length[at]);
      const std::string_view frame = take(size);
      bytes += size;
      // What a later version adds at the end of a message is not looked at.
      if (held < frames.size()) frames[held++] = frame;
    }
    if (frames[0].size() != header_size) continue;
    message whole{frames[0]};
    whole.reserve(bytes - header_size);
    for (std::size_t index = 1; index < held; ++index) whole.add(frames[index]);
    on_message(std::move(whole));
  }
}

}  // namespace cocaine::detail::batch
