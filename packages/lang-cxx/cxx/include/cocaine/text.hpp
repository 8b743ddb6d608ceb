/// Text as the engine takes it: UTF-8, and not endless.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cocaine::detail {

/// The longest text that is sent, in bytes: far within a frame.
inline constexpr std::size_t text_limit = 100'000;

/// Bytes of the UTF-8 character at the start; 0 where there is none.
inline std::size_t character_size(std::string_view bytes) noexcept {
  const auto at = [&](std::size_t index) { return static_cast<unsigned char>(bytes[index]); };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < size) return 0;
  for (std::size_t index = 1; index < size; ++index) {
    if ((at(index) & 0xc0) != 0x80) return 0;
  }
  // Longer forms than needed, surrogates, and what lies beyond Unicode.
  const unsigned second = at(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  return size;
}

/// The bytes, with `\xNN` for those that are no UTF-8, and cut where they are too long.
inline std::string text(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  while (!bytes.empty()) {
    if (out.size() >= text_limit) return out.append("…");
    if (const std::size_t size = character_size(bytes)) {
      out.append(bytes.substr(0, size));
      bytes.remove_prefix(size);
      continue;
    }
    const auto byte = static_cast<unsigned char>(bytes[0]);
    out.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    bytes.remove_prefix(1);
  }
  return out;
}

}  // namespace cocaine::detail
