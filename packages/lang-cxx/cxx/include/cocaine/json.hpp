/// As much of JSON (RFC 8259) as a worker needs. Values are views of the text that they stand in.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "text.hpp"

namespace cocaine::detail::json {

inline constexpr std::string_view space = " \t\r\n";

/// Reads one value after the other.
class cursor {
 public:
  explicit cursor(std::string_view text) noexcept : text_{text} {}

  /// Whether the next character is this one, which is then behind.
  bool take(char character) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != character) return false;
    ++at_;
    return true;
  }

  void expect(char character) {
    if (!take(character)) fail();
  }

  /// The next value, whatever it is.
  std::string_view value() {
    skip_space();
    const std::size_t start = at_;
    std::size_t depth = 0;
    do {
      skip_space();
      if (at_ == text_.size()) fail();
      const char first = text_[at_];
      if (first == '"') {
        skip_string();
      } else if (first == '{' || first == '[') {
        ++depth;
        ++at_;
      } else if (first == '}' || first == ']') {
        if (depth == 0) fail();
        --depth;
        ++at_;
      } else if (first == ',' || first == ':') {
        if (depth == 0) fail();
        ++at_;
      } else {
        at_ = std::min(text_.find_first_of(",:]}\" \t\r\n", at_), text_.size());
      }
    } while (depth > 0);
    return text_.substr(start, at_ - start);
  }

 private:
  void skip_space() { at_ = std::min(text_.find_first_not_of(space, at_), text_.size()); }

  void skip_string() {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        ++at_;
        return;
      }
    }
    fail();
  }

  [[noreturn]] void fail() const {
    throw std::invalid_argument{"not JSON, at byte " + std::to_string(at_) + ": " + detail::text(text_.substr(0, 200))};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

inline void add_character(std::string& out, std::uint32_t character) {
  const auto add = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (character < 0x80) return add(character);
  if (character < 0x800) {
    add(0xc0 | character >> 6);
  } else {
    if (character < 0x10000) {
      add(0xe0 | character >> 12);
    } else {
      add(0xf0 | character >> 18);
      add(0x80 | (character >> 12 & 0x3f));
    }
    add(0x80 | (character >> 6 & 0x3f));
  }
  add(0x80 | (character & 0x3f));
}

/// The four hexadecimal digits after `\u`.
inline std::uint32_t code_unit(std::string_view digits) {
  std::uint32_t value = 0;
  for (const char digit : digits) {
    const auto position = std::string_view{"0123456789abcdef"}.find(static_cast<char>(digit | 0x20));
    if (position == std::string_view::npos) throw std::invalid_argument{"not JSON: \\u needs hexadecimal digits"};
    value = value << 4 | static_cast<std::uint32_t>(position);
  }
  return value;
}

/// What a string says.
inline std::string string(std::string_view value) {
  if (value.size() < 2 || value.front() != '"') throw std::invalid_argument{"not a JSON string: " + text(value)};
  value = value.substr(1, value.size() - 2);
  std::string out;
  out.reserve(value.size());
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] != '\\') {
      out.push_back(value[at]);
      continue;
    }
    const char escaped = value[++at];
    if (escaped != 'u') {
      constexpr std::string_view names = "bfnrt";
      constexpr std::string_view characters = "\b\f\n\r\t";
      const auto position = names.find(escaped);
      out.push_back(position == std::string_view::npos ? escaped : characters[position]);
      continue;
    }
    const auto unit_at = [&](std::size_t from) {
      if (value.size() < from + 4) throw std::invalid_argument{"not JSON: \\u needs four digits"};
      return code_unit(value.substr(from, 4));
    };
    std::uint32_t character = unit_at(at + 1);
    at += 4;
    const bool paired = character >= 0xd800 && character < 0xdc00 && value.substr(at + 1, 2) == "\\u";
    const std::uint32_t low = paired ? unit_at(at + 3) : 0;
    if (low >= 0xdc00 && low < 0xe000) {
      character = 0x10000 + ((character - 0xd800) << 10) + (low - 0xdc00);
      at += 6;
    }
    // A half of a pair alone has no UTF-8.
    add_character(out, character >= 0xd800 && character < 0xe000 ? 0xfffd : character);
  }
  return out;
}

/// A whole number; the fraction of another is cut off.
inline std::int64_t integer(std::string_view value) {
  const std::string digits{value};
  std::size_t read = 0;
  const double number = std::stod(digits, &read);
  if (read != digits.size()) throw std::invalid_argument{"not a JSON number: " + text(value)};
  return static_cast<std::int64_t>(number);
}

/// Calls `on_member(key, value)` for each member of an object; the key is still a JSON string.
template <class OnMember>
void for_each_member(std::string_view object, OnMember on_member) {
  cursor at{object};
  at.expect('{');
  if (at.take('}')) return;
  do {
    const std::string_view key = at.value();
    at.expect(':');
    on_member(key, at.value());
  } while (at.take(','));
  at.expect('}');
}

/// Calls `on_element(value)` for each element of an array.
template <class OnElement>
void for_each_element(std::string_view array, OnElement on_element) {
  cursor at{array};
  at.expect('[');
  if (at.take(']')) return;
  do on_element(at.value());
  while (at.take(','));
  at.expect(']');
}

/// A member of an object by its name.
inline std::optional<std::string_view> member(std::string_view object, std::string_view name) {
  std::optional<std::string_view> found;
  for_each_member(object, [&](std::string_view key, std::string_view value) {
    if (key.size() == name.size() + 2 && key.substr(1, name.size()) == name) found = value;
  });
  return found;
}

/// Writes a string; bytes that are no UTF-8 become `\xNN`.
inline std::string quote(std::string_view value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out{'"'};
  for (const char character : text(value)) {
    const auto byte = static_cast<unsigned char>(character);
    if (character == '"' || character == '\\') {
      out.append(1, '\\').append(1, character);
    } else if (byte < 0x20) {
      out.append("\\u00").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    } else {
      out.push_back(character);
    }
  }
  return out.append(1, '"');
}

}  // namespace cocaine::detail::json
