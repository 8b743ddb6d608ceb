#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "request.hpp"
#include "response.hpp"

namespace cocaine::detail {

using handler = std::function<void(request&, response&)>;

/// The handlers of an app, by the names of their tasks.
using methods = std::map<std::string, handler, std::less<>>;

/// Makes a handler of whatever an app gives: of a request and a response, or of a request alone, whose result is the
/// response.
template <class Code>
handler make_handler(Code&& code) {
  using F = std::decay_t<Code>;
  if constexpr (std::is_invocable_v<F&, request&, response&>) {
    static_assert(std::is_void_v<std::invoke_result_t<F&, request&, response&>>,
                  "a handler that is given the response returns nothing: it writes");
    return handler{std::forward<Code>(code)};
  } else {
    static_assert(std::is_invocable_v<F&, request&>,
                  "a handler is called with (cocaine::request&, cocaine::response&) or with (cocaine::request&)");
    using result = std::invoke_result_t<F&, request&>;
    if constexpr (std::is_void_v<result>) {
      return [own = F(std::forward<Code>(code))](request& in, response&) mutable { own(in); };
    } else {
      static_assert(std::is_convertible_v<result, std::string_view>,
                    "a handler of a request alone returns std::string, another text, or nothing");
      return [own = F(std::forward<Code>(code))](request& in, response& out) mutable {
        const result answer = own(in);
        out.end(answer);
      };
    }
  }
}

}  // namespace cocaine::detail
