#include "runtime.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <ebb/detail/magazine_store.hpp>
#include <ebb/detail/percpu/percpu.hpp>

#include "cpu_list.hpp"
#include "kernel_release.hpp"

// glibc 2.35 and later. Weak, so that the library also links where the C library has no rseq.
extern "C" {
__attribute__((weak)) extern const std::ptrdiff_t __rseq_offset;
__attribute__((weak)) extern const unsigned int __rseq_size;
}

namespace ebb::detail {

atomic<std::uint32_t> fence_plan{0};

namespace {

std::uint32_t numa_node() noexcept {
  unsigned cpu = 0;
  unsigned node = 0;
  return ::getcpu(&cpu, &node) == 0 ? node : 0;
}

// struct rseq (linux/rseq.h); the copy in libc headers may be older than the kernel.
constexpr std::ptrdiff_t cpu_id_field = 4;
constexpr std::ptrdiff_t mm_cid_field = 24;
// The auxiliary vector's entry for how much of struct rseq the kernel fills in; mm_cid ends at 28.
constexpr unsigned long at_rseq_feature_size = 27;
constexpr unsigned long mm_cid_end = 28;

long membarrier(int command) noexcept { return ::syscall(SYS_membarrier, command, 0, 0); }

// The number of ids the kernel may hand out, from sysfs. Only the real thing counts: a container may have
// something else mounted there, and an id beyond the last shard would be memory corruption.
std::uint32_t possible_cpus_by_sysfs() noexcept {
  const int fd = ::open("/sys/devices/system/cpu/possible", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  struct statfs fs {};
  char text[4096];
  const ssize_t got =
      ::fstatfs(fd, &fs) == 0 && fs.f_type == SYSFS_MAGIC ? ::read(fd, text, sizeof text) : -1;
  (void)::close(fd);
  if (got <= 0) return 0;
  const auto highest = highest_cpu({text, static_cast<std::size_t>(got)});
  return highest ? *highest + 1 : 0;
}

// The same from a system call: the kernel refuses a mask shorter than its number of ids, so the shortest
// it takes is that number rounded up to whole words. Independent of /sys, cpusets and online CPUs.
std::uint32_t possible_cpus_by_mask() noexcept {
  constexpr std::size_t most_words = 1024;  // 65,536 CPUs; the kernel's limit is 8,192
  static unsigned long mask[most_words];
  for (std::size_t words = 1; words <= most_words; words *= 2) {
    if (::syscall(SYS_sched_getaffinity, 0, words * sizeof(long), mask) > 0) {
      return static_cast<std::uint32_t>(words * sizeof(long) * 8);
    }
  }
  return 0;
}

std::uint32_t allowed_cpus() noexcept {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 4;
  return static_cast<std::uint32_t>(CPU_COUNT(&set));
}

// What EBB_RSEQ in the environment asks for.
enum class wish { automatic, off, cpu_id, force };

wish wish_from_environment() noexcept {
  const char* const value = std::getenv("EBB_RSEQ");
  if (value == nullptr || std::strcmp(value, "auto") == 0) return wish::automatic;
  if (std::strcmp(value, "off") == 0) return wish::off;
  if (std::strcmp(value, "cpu_id") == 0) return wish::cpu_id;
  if (std::strcmp(value, "force") == 0) return wish::force;
  std::fprintf(stderr,
               "ebbpool: EBB_RSEQ=%s is ignored; valid are auto (the default), off, cpu_id and force\n",
               value);
  return wish::automatic;
}

// A kernel that is known for breaking critical sections; none is known on x86-64.
bool is_broken_kernel() noexcept {
#if defined(__aarch64__)
  struct utsname name {};
  return ::uname(&name) == 0 && arm64_misses_aborts(name.release);
#else
  return false;
#endif
}

// Decides the path; returns why it is not rseq, or null.
const char* why_not_rseq(runtime& r) noexcept {
  if constexpr (!rseq_build) {
    return "built without critical sections: ThreadSanitizer, or neither x86-64 nor aarch64 Linux";
  }
  const wish asked = wish_from_environment();
  if (asked == wish::off) return "EBB_RSEQ=off in the environment";
  if (asked != wish::force && is_broken_kernel()) {
    return "this kernel does not always restart critical sections (arm64, Linux 6.19 to 7.0.13); if yours "
           "has the fix, EBB_RSEQ=force uses rseq all the same";
  }
  if (&__rseq_size == nullptr || &__rseq_offset == nullptr) {
    return "the C library does not register rseq (glibc 2.35 or later does)";
  }
  if (__rseq_size == 0) {
    return "rseq is not registered: the kernel or a sandbox refuses it, GLIBC_TUNABLES switches it off, "
           "or this is an emulator such as valgrind";
  }
  const long commands = membarrier(MEMBARRIER_CMD_QUERY);
  if (commands < 0 || (commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ) == 0) {
    return "the kernel or a sandbox refuses membarrier for rseq (Linux 5.10 or later has it)";
  }
  if (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ) != 0 ||
      membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ) != 0) {
    return "membarrier for rseq is offered, but fails";
  }
  // __rseq_size cannot say whether mm_cid is there: glibc 2.36 reports 20 with it and 32 without it.
  const bool has_mm_cid = asked != wish::cpu_id && ::getauxval(at_rseq_feature_size) >= mm_cid_end;
  r.index = has_mm_cid ? shard_index::mm_cid : shard_index::cpu_id;
  r.layout = {__rseq_offset, __rseq_offset + (has_mm_cid ? mm_cid_field : cpu_id_field)};
  r.shards = possible_cpus_by_sysfs();
  if (r.shards == 0) r.shards = possible_cpus_by_mask();
  if (r.shards == 0) return "the number of possible CPUs cannot be found out";
  return nullptr;
}

void* map(std::size_t bytes) noexcept {
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory != MAP_FAILED) return memory;
  std::fputs("ebbpool: no memory for the first page of tables\n", stderr);
  std::abort();
}

runtime discover() noexcept {
  runtime r;
  const char* const why_not = why_not_rseq(r);
  if (why_not == nullptr) {
    r.path = access_path::rseq;
    r.reason = r.index == shard_index::mm_cid
                   ? "rseq is registered and the kernel hands out concurrency ids"
                   : "rseq is registered; by CPU id, for want of concurrency ids (Linux 6.3) or by "
                     "EBB_RSEQ=cpu_id";
  } else {
    r = {.reason = why_not, .shards = allowed_cpus() * percpu::fallback::shards_per_cpu};
  }
  auto* const header = static_cast<bank_header*>(map(sizeof(bank_header) + r.shards * sizeof(shard)));
  r.vacant = reinterpret_cast<shard*>(header + 1);
  for (std::uint32_t i = 0; i < r.shards; ++i) r.vacant[i].top = no_magazine_top();
  magazines().set_shards(map(r.shards * magazine_store::bytes_per_shard), r.shards);
  return r;
}

}  // namespace

atomic<std::uint32_t (*)() noexcept> current_node{numa_node};

const runtime& this_runtime() noexcept {
  static const runtime r = discover();
  return r;
}

namespace percpu {

// Before the initialisers of the program, so that its global pools find it set.
__attribute__((init_priority(101))) const rseq_layout layout = this_runtime().layout;

thread_local constinit fallback::thread_place fallback::place;

void fallback::look(thread_place& of_this_thread) noexcept {
  const int cpu = ::sched_getcpu();  // -1 where the kernel cannot tell: then all share shard 0
  // Not 0 on the rseq path with few CPUs: a program whose own initialisers come before this library's is
  // here.
  const std::uint32_t cpus = std::max(1u, this_runtime().shards / shards_per_cpu);
  const std::uint32_t first = cpu < 0 ? 0 : static_cast<std::uint32_t>(cpu) % cpus * shards_per_cpu;
  std::uint32_t& id = of_this_thread.id;
  if (id < first || id >= first + shards_per_cpu) id = first;
  of_this_thread.uses_left = uses_per_look;
}

}  // namespace percpu

bool fence() noexcept {
  if (const std::uint32_t plan = fence_plan.load(std::memory_order_relaxed)) {  // a test's own thread
    fence_plan.store(plan >> 1, std::memory_order_relaxed);
    if ((plan & 1) != 0) return false;
  }
  return !percpu::has_rseq() || membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ) == 0;
}

}  // namespace ebb::detail
