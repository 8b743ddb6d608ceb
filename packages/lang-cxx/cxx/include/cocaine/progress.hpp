#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>

#include "protocol.hpp"

namespace cocaine::detail {

/// The progress mark: the number of the last job that began, in a file that outlives this process.
class progress_mark {
 public:
  explicit progress_mark(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) throw std::system_error{errno, std::generic_category(), path};
    void* const mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    const int error = errno;
    ::close(file);
    if (mapped == MAP_FAILED) throw std::system_error{error, std::generic_category(), path};
    mark_ = static_cast<std::uint32_t*>(mapped);
  }
  progress_mark(const progress_mark&) = delete;
  progress_mark& operator=(const progress_mark&) = delete;
  ~progress_mark() { ::munmap(mark_, size); }

  /// In one step, so that no reader sees half of it.
  void set(std::uint32_t number) noexcept {
    char bytes[4];
    write_uint32(bytes, number);
    std::uint32_t value;
    __builtin_memcpy(&value, bytes, sizeof value);
    __atomic_store_n(mark_, value, __ATOMIC_RELEASE);
  }

 private:
  static constexpr std::size_t size = 8;

  std::uint32_t* mark_;
};

}  // namespace cocaine::detail
