/// What web drivers and the code of web tasks tell each other (docs/worker-protocol.md).
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json.hpp"
#include "text.hpp"

namespace cocaine {

/// Names and values, in their order. A character stands for a byte on the wire, so those beyond U+00FF cannot be sent.
using http_headers = std::vector<std::pair<std::string, std::string>>;

namespace detail {

inline char lower(char character) noexcept {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character | 0x20) : character;
}

inline bool same_header(std::string_view one, std::string_view other) noexcept {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace detail

/// What is known of an HTTP request, beside its body.
struct http_request {
  std::string method;
  /// As the client wrote it: path and query.
  std::string url;
  /// `1.1`, for example.
  std::string version;
  http_headers headers;
  std::string remote_address;
  std::uint16_t remote_port = 0;
  bool tls = false;
  /// Path of the task in the manifest, with which the URL begins.
  std::string path;

  /// The first header of a name, which is compared without case; empty where there is none.
  std::string_view header(std::string_view name) const noexcept {
    for (const auto& [own, value] : headers) {
      if (detail::same_header(own, name)) return value;
    }
    return {};
  }
};

namespace detail {

/// Short metadata cannot hold what a web driver says.
inline constexpr std::size_t least_http_metadata = 40;

/// Whether a web driver triggered the job; most often found out without reading the JSON.
inline bool is_http(std::string_view metadata) {
  if (metadata.size() < least_http_metadata || metadata.find("\"http\":") == std::string_view::npos) return false;
  return json::member(metadata, "http").has_value();
}

inline http_headers read_headers(std::string_view array) {
  http_headers headers;
  json::for_each_element(array, [&](std::string_view pair) {
    std::vector<std::string> parts;
    json::for_each_element(pair, [&](std::string_view part) { parts.push_back(json::string(part)); });
    if (parts.size() == 2) headers.emplace_back(std::move(parts[0]), std::move(parts[1]));
  });
  return headers;
}

inline http_request read_http(std::string_view metadata) {
  const auto http = json::member(metadata, "http");
  if (!http) throw std::logic_error{"http() belongs to jobs of web tasks, and this is none"};
  http_request request;
  json::for_each_member(*http, [&](std::string_view key, std::string_view value) {
    const std::string name = json::string(key);
    if (name == "method") request.method = json::string(value);
    if (name == "url") request.url = json::string(value);
    if (name == "httpVersion") request.version = json::string(value);
    if (name == "headers") request.headers = read_headers(value);
    if (name == "tls") request.tls = value == "true";
    if (name == "path" && value.front() == '"') request.path = json::string(value);
    if (name == "remote" && value.front() == '{') {
      if (const auto address = json::member(value, "address")) request.remote_address = json::string(*address);
      if (const auto port = json::member(value, "port")) {
        request.remote_port = static_cast<std::uint16_t>(json::integer(*port));
      }
    }
  });
  return request;
}

inline void check_header(std::string_view name, std::string_view value) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  const auto in_name = [&](char character) {
    const char letter = lower(character);
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
           marks.find(letter) != std::string_view::npos;
  };
  if (name.empty() || !std::all_of(name.begin(), name.end(), in_name)) {
    throw std::invalid_argument{json::quote(name) + " is not the name of a header"};
  }
  for (const std::string_view own : {"connection", "keep-alive", "proxy-authenticate", "proxy-connection", "te",
                                     "trailer", "transfer-encoding", "upgrade"}) {
    if (same_header(name, own)) {
      throw std::invalid_argument{"header " + std::string{name} + " is the server's own affair: it must not be set"};
    }
  }
  while (!value.empty()) {
    const auto first = static_cast<unsigned char>(value[0]);
    const std::size_t size = character_size(value);
    // Two bytes beginning with 0xc2 or 0xc3 are the characters up to U+00FF.
    if ((first < 0x20 && first != '\t') || first == 0x7f || size == 0 || first > 0xc3) {
      throw std::invalid_argument{"header " + std::string{name} +
                                  " has a control character in it, or one that a header cannot have"};
    }
    value.remove_prefix(size);
  }
}

/// The first chunk of a web task's response.
inline std::string write_head(int status, const http_headers& headers) {
  if (status < 200 || status > 999) {
    throw std::invalid_argument{"a status is a number from 200 to 999, not " + std::to_string(status)};
  }
  std::string out = "{\"status\":" + std::to_string(status) + ",\"headers\":[";
  const char* separator = "";
  for (const auto& [name, value] : headers) {
    check_header(name, value);
    out.append(separator).append("[").append(json::quote(name)).append(",").append(json::quote(value)).append("]");
    separator = ",";
  }
  return out.append("]}");
}

}  // namespace detail
}  // namespace cocaine
