// A seccomp filter that refuses system calls, as a sandbox does.
#pragma once

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace ebb::test {

struct refusal {
  std::uint32_t call = 0;                  // SYS_...
  std::optional<std::uint32_t> with = {};  // only if the first argument is this
  std::uint32_t action = 0;                // SECCOMP_RET_...
};

inline std::uint32_t fail_with(int error) {
  return SECCOMP_RET_ERRNO | (static_cast<std::uint32_t>(error) & SECCOMP_RET_DATA);
}

// From now on, for every thread of the process and whatever it executes. Returns errno, or 0.
// Calls whose fourth argument is `pass` go through in any case: how a handler of SIGSYS makes the call
// after all.
inline int refuse(const std::vector<refusal>& refusals, std::optional<std::uint32_t> pass = {}) {
  const auto statement = [](int code, std::size_t k) {
    return sock_filter{static_cast<std::uint16_t>(code), 0, 0, static_cast<std::uint32_t>(k)};
  };
  const auto unless_equal_skip = [](std::uint8_t instructions, std::uint32_t k) {
    return sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, instructions, k};
  };
  constexpr int load = BPF_LD | BPF_W | BPF_ABS;
  constexpr int end = BPF_RET | BPF_K;
  std::vector<sock_filter> program;
  if (pass) {
    program.push_back(statement(load, offsetof(seccomp_data, args[3])));
    program.push_back(unless_equal_skip(1, *pass));
    program.push_back(statement(end, SECCOMP_RET_ALLOW));
  }
  for (const refusal& r : refusals) {
    program.push_back(statement(load, offsetof(seccomp_data, nr)));
    program.push_back(unless_equal_skip(r.with ? 3 : 1, r.call));
    if (r.with) {
      program.push_back(statement(load, offsetof(seccomp_data, args[0])));
      program.push_back(unless_equal_skip(1, *r.with));
    }
    program.push_back(statement(end, r.action));
  }
  program.push_back(statement(end, SECCOMP_RET_ALLOW));

  const sock_fprog whole{static_cast<std::uint16_t>(program.size()), program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &whole) != 0) return errno;
  return 0;
}

}  // namespace ebb::test
