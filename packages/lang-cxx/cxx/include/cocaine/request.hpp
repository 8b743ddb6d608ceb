#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http.hpp"
#include "job.hpp"
#include "json.hpp"
#include "link.hpp"
#include "text.hpp"
#include "waiter.hpp"

namespace cocaine {

/// The request of a job, and what is known of the job. What it gives out as views lives until the handler returns.
class request {
 public:
  request(detail::job& job, detail::link& link, detail::waiter& engine) noexcept
      : job_{job}, link_{link}, engine_{engine} {}
  request(const request&) = delete;
  request& operator=(const request&) = delete;

  /// All that is left of the request; waits for its end. Asked for twice, it is the same.
  /// @throws cancelled
  std::string_view bytes() {
    if (!gathered_) {
      if (job_.whole() && !begun_) {
        begun_ = true;
        gathered_ = job_.first();
      } else {
        while (auto chunk = read()) rest_.append(*chunk);
        gathered_ = rest_;
      }
    }
    return *gathered_;
  }

  /// The next chunk, or none at the end; waits for it. The sender waits while nobody reads.
  /// @throws cancelled
  std::optional<std::string> read() {
    if (!begun_) {
      begun_ = true;
      if (!job_.first().empty()) {
        std::optional<std::string> chunk{job_.first()};
        job_.consumed(chunk->size(), link_);
        return chunk;
      }
    }
    if (gathered_) return std::nullopt;
    auto chunk = job_.next(link_, engine_);
    if (chunk) job_.consumed(chunk->size(), link_);
    return chunk;
  }

  /// The chunks, for a loop `for (const std::string& chunk : in)`.
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::string;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string*;
    using reference = const std::string&;

    iterator() = default;
    explicit iterator(request& in) : in_{&in}, chunk_{in.read()} {}
    reference operator*() const { return *chunk_; }
    pointer operator->() const { return &*chunk_; }
    iterator& operator++() {
      chunk_ = in_->read();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(const iterator& other) const { return chunk_.has_value() == other.chunk_.has_value(); }
    bool operator!=(const iterator& other) const { return !(*this == other); }

   private:
    request* in_ = nullptr;
    std::optional<std::string> chunk_;
  };

  iterator begin() { return iterator{*this}; }
  iterator end() { return {}; }

  /// Unique in the cluster; the same in the log and the feed.
  std::string id() const { return detail::json::string(member("id").value_or("\"\"")); }

  /// 1 for the first try.
  std::int64_t attempt() const { return detail::json::integer(member("attempt").value_or("1")); }

  /// When the caller stops waiting, in milliseconds since the epoch.
  std::optional<std::int64_t> deadline() const {
    const auto value = member("deadline");
    return value ? std::optional{detail::json::integer(*value)} : std::nullopt;
  }

  /// Name of the task.
  std::string_view method() const noexcept { return job_.method(); }

  /// All that the engine says of the job, with the driver's own part: JSON.
  std::string_view metadata() const noexcept { return job_.metadata(); }

  /// Whether a web driver triggered the job, so that there is http().
  bool is_http() const { return detail::is_http(job_.metadata()); }

  /// Method, URL and headers of the HTTP request; its body is the request.
  /// @throws std::logic_error where it is no job of a web task
  const http_request& http() {
    if (!http_) http_ = detail::read_http(job_.metadata());
    return *http_;
  }

  /// Whether nobody waits for the job any more.
  bool cancelled() { return job_.is_cancelled(engine_); }

  /// Writes a line to the app's log, which names the job.
  /// @param level debug, info, warn or error
  /// @param fields what goes with it, by names
  void log(std::string_view level, std::string_view message,
           std::initializer_list<std::pair<std::string_view, std::string_view>> fields = {}) {
    using namespace detail;
    if (fields.size() == 0) {
      link_.send(code::log, 0, job_.number(), {text(level), text(message)});
    } else {
      std::string json;
      for (const auto& [name, value] : fields) {
        json.append(json.empty() ? "{" : ",").append(json::quote(name)).append(":").append(json::quote(value));
      }
      json.append("}");
      if (json.size() > frame_limit) json = R"({"omitted":"too long"})";
      link_.send(code::log, 0, job_.number(), {text(level), text(message), json});
    }
    link_.release_soon();
  }

 private:
  std::optional<std::string_view> member(std::string_view name) const {
    return detail::json::member(job_.metadata(), name);
  }

  detail::job& job_;
  detail::link& link_;
  detail::waiter& engine_;
  /// Whether the first chunk was taken.
  bool begun_ = false;
  std::string rest_;
  std::optional<std::string_view> gathered_;
  std::optional<http_request> http_;
};

}  // namespace cocaine
