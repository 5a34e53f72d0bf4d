#include "trigger.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ebb::detail {

namespace {

int arm(const arm_function& function, const std::string& path, const char* kind, long percent,
        long window) {
  std::array<char, 64> text{};
  (void)std::snprintf(text.data(), text.size(), "%s %ld %ld", kind, window * percent / 100, window);
  return function(path.c_str(), text.data());
}

}  // namespace

int arm_trigger(const char* path, const char* trigger) noexcept {
  const int fd = ::open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return -errno;
  // With its terminating zero: the kernel writes one over the last byte it was given.
  if (::write(fd, trigger, std::strlen(trigger) + 1) >= 0) return fd;
  const int error = errno;
  (void)::close(fd);
  return -error;
}

void psi_triggers::close() noexcept {
  some.close();
  full.close();
}

psi_triggers open_triggers(const std::vector<std::string>& paths, const arm_function& function) {
  psi_triggers result;
  for (const std::string& path : paths) {
    int error = 0;
    for (const long window : {psi_constants::window_us, psi_constants::unprivileged_window_us}) {
      const int some = arm(function, path, "some", psi_constants::some_percent, window);
      if (some >= 0) {
        result.some = descriptor(some);
        // Without it there is still `some`, and the limits.
        const int full = arm(function, path, "full", psi_constants::full_percent, window);
        if (full >= 0) result.full = descriptor(full);
        result.out_of_descriptors = result.out_of_descriptors || out_of_descriptors(-full);
        result.window_us = window;
        result.path = path;
        return result;
      }
      error = -some;
      if (error != EINVAL && error != EPERM) break;  // a longer window would not help
    }
    result.out_of_descriptors = result.out_of_descriptors || out_of_descriptors(error);
    if (!result.refused.empty()) result.refused += ", ";
    result.refused += path + ": " + reason_for(error);
  }
  return result;
}

}  // namespace ebb::detail
