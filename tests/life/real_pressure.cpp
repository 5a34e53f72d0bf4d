// Real pressure, made in a control group of its own: the kernel's triggers fire, and the level rises.
//
// Ends with 0 when that was seen, with 1 when it was not, and with 77 where no such group may be made.
//
// The process puts itself under a limit of 24 MiB and reads at random in a file of 96 MiB: pages that were
// just dropped are needed again all the time, which is what the kernel counts as a stall. Page cache alone
// is no reason for pools to give way (that the limit is hit all the time is not), so only PSI can raise the
// level.
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "pressure/files.hpp"
#include "pressure/text.hpp"
#include "pressure/watch.hpp"

namespace {

using ebb::detail::cgroup_version;
using ebb::detail::pressure_watch;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr std::size_t limit = std::size_t{24} << 20;
constexpr std::size_t file_bytes = std::size_t{96} << 20;
constexpr auto give_up_after = 12s;

[[noreturn]] void skip(const std::string& why) {
  std::printf("SKIPPED: %s\n", why.c_str());
  std::_Exit(77);
}

std::string whole(const char* path) {
  std::string text;
  (void)ebb::detail::read_whole_file(path, text);
  return text;
}

// The folder of this process's group.
std::string own_group(cgroup_version version) {
  const std::string membership = whole("/proc/self/cgroup");
  const auto group = ebb::detail::parse_membership(membership, version);
  if (!group) return {};
  const auto place = ebb::detail::parse_mounts(whole("/proc/self/mountinfo"), version, *group);
  return place ? place->directory : "";
}

bool write_to(const std::string& path, const std::string& text) {
  std::ofstream out(path);
  out << text << std::flush;
  return out.good();
}

// Random reads until told to stop.
void thrash(const char* memory, unsigned seed, const std::atomic<bool>& stop) {
  std::uint64_t x = seed;
  std::uint64_t sum = 0;
  while (!stop.load(std::memory_order_relaxed)) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    sum += static_cast<unsigned char>(memory[x % (file_bytes / 4096) * 4096]);
  }
  if (sum == 1) std::puts("");  // so that the reads happen
}

// In the groups already: thrashes and watches. Returns 0 once the level has risen.
int feel_it(const char* file) {
  const int fd = ::open(file, O_RDONLY | O_CLOEXEC);
  (void)::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);  // what others have paid for would cost us nothing
  auto* const memory = static_cast<const char*>(::mmap(nullptr, file_bytes, PROT_READ, MAP_SHARED, fd, 0));
  if (memory == MAP_FAILED) return 2;
  (void)::madvise(const_cast<char*>(memory), file_bytes, MADV_RANDOM);
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (unsigned i = 1; i <= 4; ++i) readers.emplace_back(thrash, memory, 77 * i, std::cref(stop));

  pressure_watch watch{ebb::detail::watch_sources{}};
  const auto start = steady::now();
  watch.open(start);
  std::printf("watches: %s\n", std::string(watch.description()).c_str());
  auto level = ebb::pressure_level::low;
  int events = 0;
  while (level == ebb::pressure_level::low && steady::now() < start + give_up_after) {
    std::array<pollfd, pressure_watch::most_descriptors> polled{};
    const std::size_t count = watch.descriptors(polled);
    events += ::poll(polled.data(), count, 100) > 0 ? 1 : 0;
    level = watch.notice({polled.data(), count}, steady::now()).level;
  }
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - start).count();
  std::printf("level %s after %lld ms, %d event(s)\n", ebb::to_string(level), static_cast<long long>(ms),
              events);
  stop = true;
  for (auto& reader : readers) reader.join();
  return level != ebb::pressure_level::low && events > 0 ? 0 : 1;
}

}  // namespace

int main() {
  const std::string name = "/ebb-real-pressure-" + std::to_string(::getpid());
  const std::string v1 = own_group(cgroup_version::v1);
  const std::string v2 = own_group(cgroup_version::v2);
  if (v2.empty()) skip("no control group of version 2, and so no PSI of a group");
  std::string psi = v2 + name;
  if (::mkdir(psi.c_str(), 0755) != 0) {
    // Groups with processes in them have no children with a memory limit; siblings do.
    psi = v2.substr(0, v2.rfind('/')) + name;
    if (::mkdir(psi.c_str(), 0755) != 0) skip("may not make " + psi + ": " + std::strerror(errno));
  }
  std::vector<std::string> groups = {psi};
  if (::access((psi + "/memory.pressure").c_str(), W_OK) != 0) {
    ::rmdir(psi.c_str());
    skip("no PSI in this kernel");
  }
  bool limited = write_to(psi + "/memory.max", std::to_string(limit));
  if (!limited && !v1.empty() && ::mkdir((v1 + name).c_str(), 0755) == 0) {
    groups.push_back(v1 + name);
    limited = write_to(v1 + name + "/memory.limit_in_bytes", std::to_string(limit));
  }
  const char* const file = "real_pressure.data";
  int status = 77 << 8;
  if (limited && write_to(file, std::string(file_bytes, 'x'))) {
    const int fd = ::open(file, O_RDWR | O_CLOEXEC);
    (void)::fsync(fd);  // dirty pages cannot be dropped
    (void)::close(fd);
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) {
      for (const std::string& group : groups) {
        if (!write_to(group + "/cgroup.procs", "0")) std::_Exit(77);
      }
      const int result = feel_it(file);
      std::fflush(stdout);
      std::_Exit(result);
    }
    (void)::waitpid(child, &status, 0);
    (void)::unlink(file);
  }
  for (const std::string& group : groups) (void)::rmdir(group.c_str());
  if (status == 77 << 8) skip("no memory limit may be set here");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
