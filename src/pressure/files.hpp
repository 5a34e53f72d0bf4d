// Descriptors and small files, for what watches memory.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

namespace ebb::detail {

// A descriptor of our own, closed with its owner. Programs that become daemons close every descriptor there
// is, and the number may then be a file of theirs: it is only closed if it still is the file it was.
class descriptor {
 public:
  descriptor() noexcept = default;
  explicit descriptor(int fd) noexcept;
  ~descriptor() { close(); }
  descriptor(descriptor&& other) noexcept;
  descriptor& operator=(descriptor&& other) noexcept;

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
  void close() noexcept;

 private:
  int fd_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// Reads at most `size` bytes from the beginning of a file. Returns how many, or -errno; -EFBIG when there
// is more.
[[nodiscard]] ssize_t read_file(int fd, char* buffer, std::size_t size) noexcept;
[[nodiscard]] ssize_t read_file(const char* path, char* buffer, std::size_t size) noexcept;
// All of a file of up to 4 MiB (mountinfo grows with the containers of a machine). Returns 0 or an errno.
// Throws std::bad_alloc.
[[nodiscard]] int read_whole_file(const std::string& path, std::string& text);

// Errors that may be over later.
[[nodiscard]] bool out_of_descriptors(int error) noexcept;

// What errno means; threads do not share the buffer. Throws std::bad_alloc.
[[nodiscard]] std::string reason_for(int error);

}  // namespace ebb::detail
