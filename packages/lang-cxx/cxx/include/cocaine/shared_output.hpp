#pragma once

#include <iostream>
#include <streambuf>
#include <string_view>

#include "shared_link.hpp"

namespace cocaine::detail {

/// Sends what the app writes to std::cout, std::cerr and std::clog to its log, as long as this lives. The library has
/// these streams for itself: it is linked with a standard library of its own.
class shared_output {
 public:
  explicit shared_output(shared_link& link)
      : out_{link, false}, error_{link, true}, before_{std::cout.rdbuf(&out_), std::cerr.rdbuf(&error_), std::clog.rdbuf(&error_)} {}
  shared_output(const shared_output&) = delete;
  shared_output& operator=(const shared_output&) = delete;
  ~shared_output() {
    std::cout.rdbuf(before_[0]);
    std::cerr.rdbuf(before_[1]);
    std::clog.rdbuf(before_[2]);
  }

 private:
  class buffer final : public std::streambuf {
   public:
    buffer(shared_link& link, bool error) : link_{link}, error_{error} {}

   protected:
    int_type overflow(int_type character) override {
      if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
      const char one = traits_type::to_char_type(character);
      link_.print(error_, {&one, 1});
      return character;
    }
    std::streamsize xsputn(const char* bytes, std::streamsize count) override {
      link_.print(error_, {bytes, static_cast<std::size_t>(count)});
      return count;
    }

   private:
    shared_link& link_;
    const bool error_;
  };

  buffer out_;
  buffer error_;
  std::streambuf* before_[3];
};

}  // namespace cocaine::detail
