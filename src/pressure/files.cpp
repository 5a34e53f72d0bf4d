#include "files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace ebb::detail {

descriptor::descriptor(int fd) noexcept : fd_(fd) {
  struct stat of_file {};
  if (fd < 0 || ::fstat(fd, &of_file) != 0) return;
  device_ = of_file.st_dev;
  inode_ = of_file.st_ino;
}

descriptor::descriptor(descriptor&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), device_(other.device_), inode_(other.inode_) {}

descriptor& descriptor::operator=(descriptor&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = std::exchange(other.fd_, -1);
  device_ = other.device_;
  inode_ = other.inode_;
  return *this;
}

void descriptor::close() noexcept {
  // Forgotten first: a fork in between must not leave a number that means something else.
  const int fd = std::exchange(fd_, -1);
  struct stat of_file {};
  if (fd < 0 || ::fstat(fd, &of_file) != 0) return;
  if (of_file.st_dev == device_ && of_file.st_ino == inode_) (void)::close(fd);
}

ssize_t read_file(int fd, char* buffer, std::size_t size) noexcept {
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = ::pread(fd, buffer + got, size - got, static_cast<off_t>(got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) return static_cast<ssize_t>(got);
    got += static_cast<std::size_t>(n);
  }
  return -EFBIG;
}

ssize_t read_file(const char* path, char* buffer, std::size_t size) noexcept {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return -errno;
  const ssize_t got = read_file(fd, buffer, size);
  (void)::close(fd);
  return got;
}

int read_whole_file(const std::string& path, std::string& text) {
  constexpr std::size_t most = std::size_t{4} << 20;
  for (std::size_t size = 8192;; size *= 4) {
    text.resize(size);
    const ssize_t got = read_file(path.c_str(), text.data(), text.size());
    if (got == -EFBIG && size < most) continue;
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return got < 0 ? static_cast<int>(-got) : 0;
  }
}

bool out_of_descriptors(int error) noexcept { return error == EMFILE || error == ENFILE; }

std::string reason_for(int error) { return std::generic_category().message(error); }

}  // namespace ebb::detail
