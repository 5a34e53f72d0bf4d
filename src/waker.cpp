#include "waker.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdint>

namespace ebb::detail {

bool waker::open() noexcept {
  if (get() < 0) {
    fd_.store(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), std::memory_order_relaxed);
  }
  return get() >= 0;
}

bool waker::wake() const noexcept {
  const itimerspec at_once{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = 1}};
  return get() >= 0 && ::timerfd_settime(get(), 0, &at_once, nullptr) == 0;
}

void waker::settle() const noexcept {
  // Setting it to nothing takes back what it had to say, too; read() could be of another file.
  const itimerspec never{};
  if (get() >= 0) (void)::timerfd_settime(get(), 0, &never, nullptr);
}

void waker::close_inherited() noexcept {
  itimerspec any{};
  if (get() >= 0 && ::timerfd_gettime(get(), &any) == 0) (void)::close(get());
  forget();
}

}  // namespace ebb::detail
