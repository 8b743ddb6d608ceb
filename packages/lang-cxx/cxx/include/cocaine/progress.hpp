#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "protocol.hpp"

namespace cocaine::detail {

/// The progress mark: the number of the last job that began, in a file that outlives the worker.
class progress_mark {
 public:
  explicit progress_mark(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) throw std::system_error{errno, std::generic_category(), path};
    map(file, path);
    ::close(file);
  }
#ifdef __linux__
  /// Makes a file that only its descriptor leads to.
  progress_mark() : file_{::memfd_create("progress", MFD_CLOEXEC)} {
    if (file_ < 0) throw std::system_error{errno, std::generic_category(), "memfd_create"};
    if (::ftruncate(file_, size) != 0) throw std::system_error{errno, std::generic_category(), "ftruncate"};
    map(file_, "progress");
  }
#endif
  progress_mark(const progress_mark&) = delete;
  progress_mark& operator=(const progress_mark&) = delete;
  ~progress_mark() {
    ::munmap(mark_, size);
    if (file_ >= 0) ::close(file_);
  }

  /// The descriptor of a file that was made here, for whoever calls first: it is to be closed there.
  int release() noexcept { return std::exchange(file_, -1); }

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

  void map(int file, const std::string& name) {
    void* const mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    const int error = errno;
    if (mapped != MAP_FAILED) {
      mark_ = static_cast<std::uint32_t*>(mapped);
      return;
    }
    ::close(file);
    throw std::system_error{error, std::generic_category(), name};
  }

  int file_ = -1;
  std::uint32_t* mark_ = nullptr;
};

}  // namespace cocaine::detail
