#include "breakpoints.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

extern "C" {
// Set by the linker to both ends of the array of descriptors.
extern const ebb::walk::section __start___rseq_cs[];
extern const ebb::walk::section __stop___rseq_cs[];
}

namespace ebb::walk {

namespace {

constexpr unsigned char int3 = 0xcc;
constexpr std::uint32_t signature = 0x53053053;

code* armed = nullptr;
unsigned char covered = 0;
stop_handler stop = nullptr;
void (*describe_case)() noexcept = nullptr;
volatile std::uint64_t cases_begun = 0;

// Two pages: a tripwire is the beginning of the second.
std::byte* wire_pages = nullptr;
bool wire_laid = false;
bool wire_armed = false;
std::size_t page_bytes() noexcept { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

[[noreturn]] void die(const std::string& why) {
  std::cerr << "walk: " << why << '\n';
  std::exit(2);
}

void say(const char* text) noexcept { (void)!::write(STDOUT_FILENO, text, std::strlen(text)); }

[[noreturn]] void end_walk(const char* what, int status) noexcept {
  say(what);
  describe_case();
  ::_exit(status);
}

void on_trap(int, siginfo_t*, void* context) noexcept {
  const int saved_errno = errno;
  auto& ip = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP];
  code* const at = armed;
  if (at == nullptr) end_walk("VIOLATION: a breakpoint where none was set: ", 4);
  disarm();
  const bool restarted = ip != static_cast<greg_t>(reinterpret_cast<std::uintptr_t>(at + 1));
  if (!restarted) ip -= 1;
  stop(at, restarted);
  errno = saved_errno;
}

void on_crash(int signal, siginfo_t* info, void* context) noexcept {
  const auto* const accessed = static_cast<const std::byte*>(info->si_addr);
  if (wire_armed && signal == SIGSEGV && accessed >= wire_pages + page_bytes() &&
      accessed < wire_pages + 2 * page_bytes()) {
    disarm_tripwire();
    const auto ip =
        static_cast<std::uint64_t>(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
    const bool restarted = std::any_of(__start___rseq_cs, __stop___rseq_cs,
                                       [ip](const section& s) { return s.landing == ip; });
    return stop(nullptr, restarted);
  }
  end_walk(signal == SIGSEGV ? "VIOLATION: crash, SIGSEGV: " : "VIOLATION: crash: ", 4);
}

void on_tick(int) noexcept {
  static std::uint64_t last = ~std::uint64_t{0};
  if (cases_begun == last) end_walk("VIOLATION: hangs: ", 3);
  last = cases_begun;
}

void handle(int signal, void (*handler)(int, siginfo_t*, void*) noexcept) {
  struct sigaction s {};
  s.sa_sigaction = handler;
  // SA_NODEFER: what a handler walks is stopped by breakpoints again.
  s.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  if (::sigaction(signal, &s, nullptr) != 0) die("sigaction");
}

}  // namespace

std::vector<boundary> read_boundaries(const char* list, const std::string& function, const void* start) {
  std::ifstream in(list);
  if (!in) die(std::string("cannot read ") + list);
  std::vector<boundary> found;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name, kind;
    boundary b;
    if (!(words >> name >> b.offset >> kind >> std::ws) || name != function) continue;
    std::getline(words, b.text);
    std::replace(b.text.begin(), b.text.end(), '\t', ' ');
    b.is_landing = kind == "landing";
    const std::uintptr_t at =
        reinterpret_cast<std::uintptr_t>(start) + static_cast<std::uintptr_t>(b.offset);
    b.at = reinterpret_cast<code*>(at);
    if (::mprotect(reinterpret_cast<void*>(at / page * page), page, PROT_READ | PROT_WRITE | PROT_EXEC) !=
        0) {
      die("this system does not let a program write into its own code");
    }
    found.push_back(std::move(b));
  }
  const auto listed = [&found](std::uint64_t at, bool is_landing) {
    return std::any_of(found.begin(), found.end(), [&](const boundary& b) {
      return reinterpret_cast<std::uint64_t>(b.at) == at && b.is_landing == is_landing;
    });
  };
  int sections = 0;
  for (const section* s = __start___rseq_cs; s < __stop___rseq_cs; ++s) {
    if (!listed(s->start, false)) continue;
    ++sections;
    std::uint32_t before_landing;
    std::memcpy(&before_landing, reinterpret_cast<const char*>(s->landing) - sizeof signature,
                sizeof signature);
    if (!listed(s->landing, true) || before_landing != signature || s->version != 0 || s->flags != 0) {
      die(function + ": its list of boundaries does not agree with the section's descriptor");
    }
  }
  if (sections != 1) die(function + ": " + std::to_string(sections) + " sections, expected one");
  return found;
}

const section* section_at(code* at) noexcept {
  for (const section* s = __start___rseq_cs; s < __stop___rseq_cs; ++s) {
    if (s->restarts_at(at)) return s;
  }
  return nullptr;
}

void arm(code* at) noexcept {
  armed = at;
  covered = *at;
  *at = int3;
}

void disarm() noexcept {
  if (armed == nullptr) return;
  *armed = covered;
  armed = nullptr;
}

void** lay_tripwire(unsigned round) noexcept {
  if (wire_pages == nullptr) {
    void* const pages =
        ::mmap(nullptr, 2 * page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) die("mmap");
    wire_pages = static_cast<std::byte*>(pages);
  }
  wire_laid = round != 0;
  return reinterpret_cast<void**>(wire_pages + page_bytes()) - round;
}

void arm_tripwire() noexcept {
  if (!wire_laid) return;
  wire_armed = true;
  (void)::mprotect(wire_pages + page_bytes(), page_bytes(), PROT_NONE);
}

void disarm_tripwire() noexcept {
  if (!wire_armed) return;
  wire_armed = false;
  (void)::mprotect(wire_pages + page_bytes(), page_bytes(), PROT_READ | PROT_WRITE);
}

void next_case() noexcept { cases_begun = cases_begun + 1; }

void watch(stop_handler on_stop, void (*describe)() noexcept) {
  stop = on_stop;
  describe_case = describe;
  static unsigned char stack[256 * 1024];
  const stack_t alternate{.ss_sp = stack, .ss_flags = 0, .ss_size = sizeof stack};
  if (::sigaltstack(&alternate, nullptr) != 0) die("sigaltstack");
  handle(SIGTRAP, on_trap);
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) handle(signal, on_crash);
  struct sigaction tick {};
  tick.sa_handler = on_tick;
  tick.sa_flags = SA_ONSTACK | SA_RESTART;
  (void)::sigaction(SIGPROF, &tick, nullptr);
  const itimerval every{.it_interval = {1, 0}, .it_value = {1, 0}};
  (void)::setitimer(ITIMER_PROF, &every, nullptr);
}

}  // namespace ebb::walk
