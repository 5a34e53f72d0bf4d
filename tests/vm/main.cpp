// /init of the virtual machines of run.sh; also runs as a program, without CPU hotplug then.
//   usage: guest [BOUNDARIES]
// From the environment (the kernel's command line): VM_ONLY=walk and VM_ONLY=preemption do only that;
// VM_LEVELS is 1 or 2; VM_EACH=NAME,NAME... runs other such programs instead, /NAME with /NAME.boundaries,
// one after the other.
#include <ebb/runtime_info.hpp>

#include <sched.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "guest.hpp"

namespace ebb::vm {

void run_on_cpu(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  (void)sched_setaffinity(0, sizeof set, &set);
}

namespace {

bool is_set(const char* name, const char* value) {
  const char* const found = std::getenv(name);
  return found != nullptr && std::strcmp(found, value) == 0;
}

// Returns the exit status.
int run_all(const char* boundaries, bool hotplug) {
  const runtime_information info = runtime_info();
  struct utsname name {};
  (void)uname(&name);
  const bool by_mm_cid = info.index == shard_index::mm_cid;
  std::printf("vm: Linux %s %s: path %s, index %s, shards %zu: %s\n", name.release, name.machine,
              info.path == access_path::rseq ? "rseq" : "portable", by_mm_cid ? "mm_cid" : "cpu_id",
              info.shards, info.reason.c_str());
  if (info.path != access_path::rseq) {
    std::printf("vm: FAILED: not on the rseq path\n");
    return 1;
  }
  outcome all;
  if (!is_set("VM_ONLY", "preemption")) all += walk(boundaries, is_set("VM_LEVELS", "1") ? 1 : 2);
  if (std::getenv("VM_ONLY") == nullptr) all += check_sections();
  if (!is_set("VM_ONLY", "walk")) all += check_preemption();
  if (std::getenv("VM_ONLY") == nullptr) all += stress(hotplug);
  timespec now{};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  std::printf("vm: %s: cases %lu bad %lu, up for %ld s\n", all.bad == 0 ? "ok" : "FAILED", all.cases,
              all.bad, static_cast<long>(now.tv_sec));
  return all.bad == 0 ? 0 : 1;
}

// In a child, so that a crash becomes a line on the console instead of a kernel panic.
template <class Function>
int in_a_child(Function f) {
  const pid_t child = fork();
  if (child == 0) std::exit(f());
  int status = 0;
  (void)waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) std::printf("vm: FAILED: killed by signal %d\n", WTERMSIG(status));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int run_each(const char* names) {
  for (const char* from = names; *from != '\0';) {
    const std::string name(from, std::strcspn(from, ","));
    from += name.size() + (from[name.size()] == ',' ? 1 : 0);
    std::printf("vm: begin %s\n", name.c_str());
    (void)in_a_child([&] {
      const std::string program = "/" + name;
      return execl(program.c_str(), program.c_str(), (program + ".boundaries").c_str(), nullptr);
    });
  }
  return 0;
}

}  // namespace
}  // namespace ebb::vm

int main(int count, char** arguments) {
  const bool is_init = getpid() == 1;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (is_init) {
    (void)mkdir("/proc", 0755);
    (void)mkdir("/sys", 0755);
    if (mount("proc", "/proc", "proc", 0, nullptr) != 0 ||
        mount("sysfs", "/sys", "sysfs", 0, nullptr) != 0) {
      std::printf("vm: FAILED: /proc and /sys cannot be mounted\n");
    }
  }
  const char* const boundaries = count > 1 ? arguments[1] : "/boundaries";
  const char* const each = is_init ? std::getenv("VM_EACH") : nullptr;
  const int status = each != nullptr
                         ? ebb::vm::run_each(each)
                         : ebb::vm::in_a_child([=] { return ebb::vm::run_all(boundaries, is_init); });
  if (is_init) {
    (void)tcdrain(STDOUT_FILENO);  // the machine stops with what the console has not yet sent
    (void)reboot(RB_POWER_OFF);
  }
  return status;
}
