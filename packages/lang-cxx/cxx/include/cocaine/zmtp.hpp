/// ZMTP 3.1 (RFC 37): the bytes of a DEALER, with the mechanism NULL.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "message.hpp"
#include "protocol.hpp"

namespace cocaine::detail::zmtp {

inline constexpr unsigned char more_flag = 1;
inline constexpr unsigned char long_flag = 2;
inline constexpr unsigned char command_flag = 4;

inline constexpr std::size_t greeting_size = 64;

inline std::string greeting() {
  std::string bytes(greeting_size, '\0');
  bytes[0] = '\xff';
  bytes[9] = '\x7f';
  bytes[10] = 3;
  bytes[11] = 1;
  bytes.replace(12, 4, "NULL");
  return bytes;
}

inline bool is_greeting(std::string_view bytes) {
  return bytes[0] == '\xff' && bytes[9] == '\x7f' && bytes[10] >= 3 &&
         bytes.substr(12, 5) == std::string_view{"NULL\0", 5};
}

/// Adds the header of a frame.
inline void add_frame_header(std::string& out, std::size_t length, unsigned char flags) {
  if (length < 256) {
    const char bytes[] = {static_cast<char>(flags), static_cast<char>(length)};
    out.append(bytes, sizeof bytes);
    return;
  }
  char bytes[9];
  bytes[0] = static_cast<char>(flags | long_flag);
  write_uint32(bytes + 1, static_cast<std::uint32_t>(std::uint64_t{length} >> 32));
  write_uint32(bytes + 5, static_cast<std::uint32_t>(length));
  out.append(bytes, sizeof bytes);
}

inline void add_frame(std::string& out, std::string_view body, unsigned char flags) {
  add_frame_header(out, body.size(), flags);
  out.append(body);
}

inline std::string command(std::string_view name, std::string_view data) {
  std::string body{static_cast<char>(name.size())};
  body.append(name).append(data);
  std::string bytes;
  add_frame(bytes, body, command_flag);
  return bytes;
}

inline std::string property(std::string_view name, std::string_view value) {
  std::string bytes{static_cast<char>(name.size())};
  bytes.append(name);
  char length[4];
  write_uint32(length, static_cast<std::uint32_t>(value.size()));
  return bytes.append(length, sizeof length).append(value);
}

/// The command that ends the handshake of a DEALER with this routing id.
inline std::string ready(std::string_view identity) {
  return command("READY", property("Socket-Type", "DEALER") + property("Identity", identity));
}

/// The answer to a command: PONG with its context to a PING, none to others.
inline std::string answer(std::string_view command_body) {
  constexpr std::string_view ping{"\4PING", 5};
  constexpr std::size_t ttl_size = 2;
  if (command_body.size() < ping.size() + ttl_size || command_body.substr(0, ping.size()) != ping) return {};
  return command("PONG", command_body.substr(ping.size() + ttl_size));
}

/// A frame at the start of some bytes.
struct frame {
  unsigned char flags;
  std::string_view body;
  /// With its header.
  std::size_t size;
};

/// Reads a frame.
/// @returns 0, or how many bytes there must be at least to go on
inline std::size_t read_frame(std::string_view data, frame& into) {
  if (data.size() < 2) return 2;
  into.flags = static_cast<unsigned char>(data[0]);
  std::size_t start = 2;
  std::uint64_t length = static_cast<unsigned char>(data[1]);
  if (into.flags & long_flag) {
    start = 9;
    if (data.size() < start) return start;
    length = std::uint64_t{read_uint32(data.data() + 1)} << 32 | read_uint32(data.data() + 5);
  }
  into.size = start + static_cast<std::size_t>(length);
  if (data.size() < into.size) return into.size;
  into.body = data.substr(start, static_cast<std::size_t>(length));
  return 0;
}

/// How far received bytes were taken apart.
struct split_result {
  /// Where the first incomplete message begins.
  std::size_t start;
  /// Bytes that there must be at least from there to go on.
  std::size_t need;
};

/// Takes received bytes apart: calls `on_message(message&&)` for each whole message and `on_command(body)` for the
/// commands between them. A message without a header of the worker protocol is left out.
template <class OnMessage, class OnCommand>
split_result split(std::string_view data, OnMessage on_message, OnCommand on_command) {
  std::size_t start = 0;
  std::size_t at = 0;
  std::size_t count = 0;
  std::array<std::string_view, message::most_frames + 1> frames;
  while (true) {
    frame found;
    if (const std::size_t need = read_frame(data.substr(at), found)) return {start, at - start + need};
    at += found.size;
    if (found.flags & command_flag) {
      on_command(found.body);
      if (count == 0) start = at;
      continue;
    }
    // What a later version adds at the end of a message is not looked at.
    if (count < frames.size()) frames[count++] = found.body;
    if (found.flags & more_flag) continue;
    if (frames[0].size() == header_size) {
      message whole{frames[0]};
      whole.reserve(at - start);
      for (std::size_t index = 1; index < count; ++index) whole.add(frames[index]);
      on_message(std::move(whole));
    }
    start = at;
    count = 0;
  }
}

}  // namespace cocaine::detail::zmtp
