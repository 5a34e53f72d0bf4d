// A program whose main thread another one stops and resumes: ptrace(2) for x86-64. Its other threads run
// freely, and what it starts does, too.
#pragma once

#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>

#include "instruction.hpp"

namespace bench {

class tracee {
 public:
  enum class stop { marker, other, ended };

  // Starts `command`, which stops before its first instruction. Throws std::system_error.
  explicit tracee(char** command) : pid_(fork()) {
    if (pid_ == 0) become(command);
    check(pid_, "fork");
    wait();
    if (WIFEXITED(status_)) {
      throw std::system_error(WEXITSTATUS(status_), std::generic_category(),
                              std::string("cannot run ") + command[0] + " under ptrace");
    }
    check(ptrace(PTRACE_SETOPTIONS, pid_, nullptr, PTRACE_O_EXITKILL), "PTRACE_SETOPTIONS");
  }

  // Goes on, by PTRACE_CONT or PTRACE_SINGLESTEP, until the thread traps or ends. Signals are passed on.
  stop resume(__ptrace_request how) {
    long signal = 0;
    do {
      check(ptrace(how, pid_, nullptr, signal), "ptrace");
      wait();
      if (!WIFSTOPPED(status_)) return stop::ended;
      signal = WSTOPSIG(status_);
    } while (signal != SIGTRAP);
    siginfo_t trap;
    check(ptrace(PTRACE_GETSIGINFO, pid_, nullptr, &trap), "PTRACE_GETSIGINFO");
    return trap.si_code == SI_KERNEL ? stop::marker : stop::other;  // int3, or a step or an exec
  }

  [[nodiscard]] bool succeeded() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }

  [[nodiscard]] std::string how_it_ended() const {
    return WIFEXITED(status_) ? "with status " + std::to_string(WEXITSTATUS(status_))
                              : "by signal " + std::to_string(WTERMSIG(status_));
  }

  [[nodiscard]] std::uint64_t instruction_pointer() const {
    return static_cast<std::uint64_t>(ptrace(PTRACE_PEEKUSER, pid_, offsetof(user, regs.rip), nullptr));
  }

  // Fewer bytes than asked for, and zeros, where the mapping ends.
  [[nodiscard]] code_bytes code_at(std::uint64_t address) const {
    code_bytes code{};
    const iovec here{code.data(), longest_instruction};
    const iovec there{reinterpret_cast<void*>(address), longest_instruction};
    check(process_vm_readv(pid_, &here, 1, &there, 1, 0), "process_vm_readv");
    return code;
  }

  // Whether the thread is registered for rseq. A kernel before Linux 5.13 cannot tell.
  [[nodiscard]] bool in_rseq() const {
    __ptrace_rseq_configuration rseq{};
    return ptrace(PTRACE_GET_RSEQ_CONFIGURATION, pid_, sizeof rseq, &rseq) > 0 &&
           rseq.rseq_abi_pointer != 0;
  }

 private:
  // In the child. The constructor finds out by the exit status what went wrong.
  [[noreturn]] static void become(char** command) {
    // The same addresses each time: some systems hash them. Where a sandbox refuses it, so be it.
    personality(static_cast<unsigned long>(personality(0xFFFFFFFF)) | ADDR_NO_RANDOMIZE);
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) execvp(command[0], command);
    _exit(errno);
  }

  static void check(long result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  }

  void wait() { check(waitpid(pid_, &status_, 0), "waitpid"); }

  pid_t pid_;
  int status_ = 0;
};

}  // namespace bench
