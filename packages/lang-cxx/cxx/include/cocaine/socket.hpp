#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "zmtp.hpp"

namespace cocaine::detail {

/// A connected Unix socket.
class socket {
 public:
  explicit socket(const std::string& path) : descriptor_{::socket(AF_UNIX, SOCK_STREAM, 0)} {
    if (descriptor_ < 0) fail("socket");
    ::fcntl(descriptor_, F_SETFD, FD_CLOEXEC);
#ifdef SO_NOSIGPIPE
    const int on = 1;
    ::setsockopt(descriptor_, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) throw std::length_error{"too long for a Unix socket: " + path};
    std::memcpy(address.sun_path, path.data(), path.size());
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail(path);
  }
  socket(socket&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
  socket& operator=(socket&&) = delete;
  ~socket() { close(); }

  int descriptor() const noexcept { return descriptor_; }

  /// Reads once. @returns bytes; 0 when the other side is gone; -1 where nothing is there and it must not wait
  ssize_t receive(char* into, std::size_t size, bool wait) noexcept {
    while (true) {
      const ssize_t read = ::recv(descriptor_, into, size, wait ? 0 : MSG_DONTWAIT);
      if (read >= 0) return read;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return -1;
      if (errno != EINTR) return 0;
    }
  }

  /// Writes all. @returns whether the other side is there
  bool send(std::string_view bytes) noexcept {
#ifdef MSG_NOSIGNAL
    constexpr int flags = MSG_NOSIGNAL;
#else
    constexpr int flags = 0;
#endif
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), flags);
      if (sent >= 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      else if (errno != EINTR) return false;
    }
    return true;
  }

  void close() noexcept {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

 private:
  [[noreturn]] static void fail(const std::string& what) {
    throw std::system_error{errno, std::generic_category(), what};
  }

  int descriptor_;
};

inline std::string receive_all(socket& from, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t at = 0; at < size;) {
    const ssize_t read = from.receive(bytes.data() + at, size - at, true);
    if (read <= 0) {
      throw std::runtime_error{"the engine closed the connection: it expects no worker of this identity"};
    }
    at += static_cast<std::size_t>(read);
  }
  return bytes;
}

/// Connects to a ROUTER.
/// @param endpoint `ipc://` and a path @param identity the routing id
inline socket connect(const std::string& endpoint, std::string_view identity) {
  constexpr std::string_view scheme = "ipc://";
  if (endpoint.compare(0, scheme.size(), scheme) != 0) {
    throw std::invalid_argument{"endpoint " + endpoint + ": a worker connects to ipc://<path>"};
  }
  socket connection{endpoint.substr(scheme.size())};
  connection.send(zmtp::greeting() + zmtp::ready(identity));
  if (!zmtp::is_greeting(receive_all(connection, zmtp::greeting_size))) {
    throw std::runtime_error{endpoint + " does not speak ZMTP 3 with the mechanism NULL"};
  }
  std::string bytes = receive_all(connection, 2);
  zmtp::frame frame{};
  while (const std::size_t need = zmtp::read_frame(bytes, frame)) bytes += receive_all(connection, need - bytes.size());
  constexpr std::string_view ready{"\5READY", 6};
  if (!(frame.flags & zmtp::command_flag) || frame.body.substr(0, ready.size()) != ready) {
    throw std::runtime_error{endpoint + " refused this worker"};
  }
  return connection;
}

}  // namespace cocaine::detail
