#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "protocol.hpp"

namespace cocaine::detail {

/// The way to the engine, as far as jobs need it. What comes from there is given to job_table::receive(): by these two
/// ways another transport than the socket drives the same methods.
class link {
 public:
  link() = default;
  link(const link&) = delete;
  link& operator=(const link&) = delete;
  virtual ~link() = default;

  /// Adds a message to those that wait to be sent. Any thread may call any member.
  virtual void send(code what, std::uint8_t flags, std::uint32_t job,
                    std::initializer_list<std::string_view> frames = {}) = 0;

  /// Makes a chunk the last of its job, if it is what was added last, and waits. @returns whether it is
  virtual bool end_with_last(std::uint32_t job) = 0;

  /// Sends all that waits.
  virtual void flush() = 0;

  /// App code goes on for who knows how long: what waits is sent within a millisecond, without a call of flush().
  virtual void release_soon() = 0;
};

}  // namespace cocaine::detail
