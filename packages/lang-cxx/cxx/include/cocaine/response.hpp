#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "http.hpp"
#include "job.hpp"
#include "link.hpp"
#include "protocol.hpp"
#include "waiter.hpp"

namespace cocaine {

/// The response of a job, chunk by chunk. It ends where the handler returns, or before that with end().
class response {
 public:
  response(detail::job& job, detail::link& link, detail::waiter& engine) noexcept
      : job_{job}, link_{link}, engine_{engine} {}
  response(const response&) = delete;
  response& operator=(const response&) = delete;

  /// Sends a chunk; waits while the caller does not take what was sent. An empty one is not sent.
  /// @throws cancelled
  void write(std::string_view bytes) {
    require_open();
    if (bytes.empty()) return;
    begin();
    for (; bytes.size() > detail::frame_limit; bytes.remove_prefix(detail::frame_limit)) {
      send(bytes.substr(0, detail::frame_limit));
    }
    send(bytes);
  }

  /// Status and headers of a web task's response, before its first chunk. Without them it is 200, and the content type
  /// application/octet-stream.
  /// @throws std::invalid_argument what cannot be sent
  /// @throws std::logic_error where it is too late, or the job none of a web task
  void head(int status, const http_headers& headers = {}) {
    require_open();
    if (!detail::is_http(job_.metadata())) throw std::logic_error{"head() belongs to jobs of web tasks, and this is none"};
    if (begun_) throw std::logic_error{"head() comes before the first chunk, and once"};
    const std::string head = detail::write_head(status, headers);
    begun_ = true;
    send(head);
  }

  /// Ends the response. @param last its last chunk
  /// @throws cancelled
  void end(std::string_view last = {}) {
    require_open();
    begin();
    for (; last.size() > detail::frame_limit; last.remove_prefix(detail::frame_limit)) {
      send(last.substr(0, detail::frame_limit));
    }
    if (!last.empty()) job_.take(last.size(), link_, engine_);
    ended_ = true;
    if (!last.empty()) {
      link_.send(detail::code::chunk, detail::end_flag, job_.number(), {last});
    } else if (!link_.end_with_last(job_.number())) {
      link_.send(detail::code::choke, detail::end_flag, job_.number());
    }
  }

  bool ended() const noexcept { return ended_; }

 private:
  void require_open() const {
    if (ended_) throw std::logic_error{"the response has ended: nothing can be sent after end()"};
  }

  /// The driver of a web task takes the first chunk for the head.
  void begin() {
    if (begun_) return;
    begun_ = true;
    if (detail::is_http(job_.metadata())) {
      send(detail::write_head(200, {{"Content-Type", "application/octet-stream"}}));
    }
  }

  void send(std::string_view chunk) {
    job_.take(chunk.size(), link_, engine_);
    link_.send(detail::code::chunk, 0, job_.number(), {chunk});
    link_.release_soon();
  }

  detail::job& job_;
  detail::link& link_;
  detail::waiter& engine_;
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace cocaine
