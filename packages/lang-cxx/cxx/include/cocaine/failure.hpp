/// How exceptions are told to the engine.
#pragma once

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <typeinfo>

#include "cancelled.hpp"

namespace cocaine::detail {

/// The app has no handler of the task's name.
class no_such_method : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct failure {
  std::string name;
  std::string message;
};

/// The name of a type as it is written.
inline std::string name_of(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name{
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free};
  return name ? name.get() : type.name();
}

/// What the exception says that is being handled.
inline failure current_failure() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  const std::string name = type ? name_of(*type) : "unknown";
  try {
    throw;
  } catch (const cancelled& error) {
    return {"cancelled", error.what()};
  } catch (const no_such_method& error) {
    return {"no-such-method", error.what()};
  } catch (const std::exception& error) {
    return {name, error.what()};
  } catch (const std::string& error) {
    return {name, error};
  } catch (const char* error) {
    return {name, error ? error : ""};
  } catch (...) {
    return {name, "an exception that is no std::exception"};
  }
}

}  // namespace cocaine::detail
