#include "limits.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace ebb::detail {

namespace {

// Hierarchies are not deeper; a loop of mounts would be.
constexpr std::size_t most_ancestors = 64;

// `otherwise` when no descriptor is left to read it.
std::optional<std::uint64_t> read_amount(const std::string& path,
                                         std::optional<std::uint64_t> otherwise = {}) noexcept {
  std::array<char, 64> text;
  if (path.empty()) return std::nullopt;
  const ssize_t got = read_file(path.c_str(), text.data(), text.size());
  if (got < 0) return out_of_descriptors(static_cast<int>(-got)) ? otherwise : std::nullopt;
  return parse_amount({text.data(), static_cast<std::size_t>(got)});
}

double share(std::uint64_t used, std::uint64_t limit) noexcept {
  if (limit == no_memory_limit) return 0;
  // A limit of 0 is how somebody asks for everything.
  return static_cast<double>(used) / static_cast<double>(std::max<std::uint64_t>(limit, 1));
}

}  // namespace

void memory_limits::open(const group_place& own, cgroup_version version) {
  close();
  version_ = version;
  const bool v2 = version == cgroup_version::v2;
  std::string directory = own.directory;
  while (directory.size() >= own.top.size() && groups_.size() < most_ancestors) {
    group g;
    const auto file = [&](const char* name) { return directory + "/" + name; };
    g.directory = directory;
    g.current = file(v2 ? "memory.current" : "memory.usage_in_bytes");
    g.stat = file("memory.stat");
    g.max_limit = file(v2 ? "memory.max" : "memory.limit_in_bytes");
    if (v2) {
      g.high_limit = file("memory.high");
      // An ancestor's memory.events counts what happens to all groups below it, our siblings' own limits
      // included; what happened at its own limit is in memory.events.local (Linux 5.2 and later).
      g.events = file(groups_.empty() ? "memory.events" : "memory.events.local");
    }
    groups_.push_back(std::move(g));
    const std::size_t end = directory.rfind('/');
    if (end == std::string::npos || end == 0) break;
    directory.resize(end);
  }
  if (v2) {
    const int fd = ::open(groups_.front().events.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) events_ = descriptor(fd);
  }
  (void)read_limits();
  pressure_signs before_us;
  look(before_us);  // what was counted before is not news
}

void memory_limits::close() noexcept {
  groups_.clear();
  events_.close();
  closest_ = 0;
  limited_ = false;
}

bool memory_limits::read_limits() noexcept {
  bool changed = false;
  limited_ = false;
  for (group& g : groups_) {
    // For want of a descriptor they stay: a limit that seems to be gone is not looked at until a cycle.
    const std::uint64_t max = read_amount(g.max_limit, g.max).value_or(no_memory_limit);
    const std::uint64_t high = read_amount(g.high_limit, g.high).value_or(no_memory_limit);
    changed = changed || max != g.max || high != g.high;
    g.max = max;
    g.high = high;
    limited_ = limited_ || max != no_memory_limit || high != no_memory_limit;
  }
  return changed;
}

// What the kernel takes back by itself before it refuses anything: the page cache, and the slabs that it
// can shrink. Version 1 sums up the groups below under names of their own.
std::uint64_t memory_limits::droppable(const group& g) const noexcept {
  std::array<char, 16384> text;
  const ssize_t got = read_file(g.stat.c_str(), text.data(), text.size());
  if (got <= 0) return 0;
  const std::string_view all{text.data(), static_cast<std::size_t>(got)};
  const bool v2 = version_ == cgroup_version::v2;
  std::uint64_t sum = 0;
  for (const char* key : {v2 ? "inactive_file" : "total_inactive_file",
                          v2 ? "active_file" : "total_active_file", v2 ? "slab_reclaimable" : ""}) {
    const std::uint64_t bytes = parse_keyed(all, key).value_or(0);
    sum = bytes > no_memory_limit - sum ? no_memory_limit : sum + bytes;
  }
  return sum;
}

void memory_limits::count_events(group& g, pressure_signs& signs) noexcept {
  if (g.events.empty()) return;
  std::array<char, 1024> text;
  // Through the polled descriptor where there is one: reading it is what makes the kernel ready to report
  // the next change.
  const bool own = &g == groups_.data();
  const ssize_t got = own && events_ ? read_file(events_.get(), text.data(), text.size())
                                     : read_file(g.events.c_str(), text.data(), text.size());
  if (got <= 0) return;
  const std::string_view all{text.data(), static_cast<std::size_t>(got)};
  const counts now{.high = parse_keyed(all, "high").value_or(g.seen.high),
                   .max = parse_keyed(all, "max").value_or(g.seen.max),
                   .out_of_memory = parse_keyed(all, "oom").value_or(g.seen.out_of_memory)};
  if (g.counted) {
    signs.high_hit = signs.high_hit || now.high > g.seen.high;
    signs.max_hit = signs.max_hit || now.max > g.seen.max;
    signs.out_of_memory = signs.out_of_memory || now.out_of_memory > g.seen.out_of_memory;
  }
  g.seen = now;
  g.counted = true;
}

void memory_limits::look_at(group& g, pressure_signs& signs) noexcept {
  const std::optional<std::uint64_t> current = read_amount(g.current);
  if (!current || *current == no_memory_limit) return;
  const double whole = std::max(share(*current, g.high), share(*current, g.max));
  closest_ = std::max(closest_, whole);
  // memory.stat is the dear one: the kernel adds up what every CPU has counted.
  constexpr double worth_a_closer_look =
      std::min(pressure_judge::medium_from - pressure_judge::slack, pressure_judge::events_count_from);
  std::uint64_t used = *current;
  if (whole >= worth_a_closer_look) used -= std::min(used, droppable(g));
  signs.of_high = std::max(signs.of_high, share(used, g.high));
  signs.of_max = std::max(signs.of_max, share(used, g.max));
}

void memory_limits::look(pressure_signs& signs) noexcept {
  closest_ = 0;
  for (group& g : groups_) {
    const bool own = &g == groups_.data();
    if (g.max == no_memory_limit && g.high == no_memory_limit) {
      if (own) count_events(g, signs);
      continue;
    }
    count_events(g, signs);
    look_at(g, signs);
  }
}

bool memory_limits::accounted() const noexcept {
  return std::any_of(groups_.begin(), groups_.end(),
                     [](const group& g) { return ::access(g.current.c_str(), R_OK) == 0; });
}

bool memory_limits::own_group_exists() const noexcept {
  return groups_.empty() || ::access(groups_.front().directory.c_str(), F_OK) == 0;
}

std::string memory_limits::description() const {
  const group* tightest = nullptr;
  const auto limit_of = [](const group& g) { return std::min(g.high, g.max); };
  for (const group& g : groups_) {
    if (limit_of(g) != no_memory_limit && (tightest == nullptr || limit_of(g) < limit_of(*tightest)))
      tightest = &g;
  }
  if (tightest == nullptr) return "no memory limit";
  const bool by_high = tightest->high < tightest->max;
  const std::string& path = by_high ? tightest->high_limit : tightest->max_limit;
  return path.substr(path.rfind('/') + 1) + " " + readable_bytes(limit_of(*tightest)) +
         (tightest == groups_.data() ? "" : " of " + tightest->directory);
}

}  // namespace ebb::detail
