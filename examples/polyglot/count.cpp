// Counts words: a program that is built when it is deployed.
#include <algorithm>
#include <cocaine/worker.hpp>
#include <sstream>

namespace {

/// Characters of UTF-8: the bytes that begin one.
auto length(const std::string& word) {
  return std::count_if(word.begin(), word.end(), [](char byte) { return (byte & 0xC0) != 0x80; });
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char byte : text) {
    if (byte == '"' || byte == '\\') out += '\\';
    if (static_cast<unsigned char>(byte) >= 0x20) out += byte;
  }
  return out + '"';
}

}  // namespace

int main() {
  cocaine::worker w;
  w.on("count", [](cocaine::request& in, cocaine::response& out) {
    std::istringstream text{std::string{in.bytes()}};
    std::string word, longest;
    int words = 0;
    while (text >> word) {
      ++words;
      if (length(word) > length(longest)) longest = word;
    }
    out.head(200, {{"Content-Type", "application/json"}});
    out.write(R"({"language":"C++","words":)" + std::to_string(words) + R"(,"longest":)" + quoted(longest) + "}");
  });
  return w.run();
}
