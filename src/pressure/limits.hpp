// The memory limits on the groups of this process, and how close it is to them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "files.hpp"
#include "judge.hpp"
#include "text.hpp"

namespace ebb::detail {

// The process's own group and its ancestors, as far as they are mounted: the memory of all of them is used
// up by the same allocations, and the tightest limit is met first.
class memory_limits {
 public:
  // Throws std::bad_alloc. Nothing is kept open but the events of the own group (version 2).
  void open(const group_place& own, cgroup_version version);
  void close() noexcept;
  void close_events() noexcept { events_.close(); }

  // Reads the limits again: they may be changed while the process runs. Returns whether one is different
  // now.
  bool read_limits() noexcept;
  // What is used of them, and what happened since the last call. Two or three small files for each group
  // with a limit.
  void look(pressure_signs& signs) noexcept;
  // Used of the tightest limit at the last look, with what the kernel can drop: never less than what
  // counts.
  [[nodiscard]] double closest() const noexcept { return closest_; }
  [[nodiscard]] bool limited() const noexcept { return limited_; }

  // Polled for POLLPRI: the kernel reports each change of memory.events.
  [[nodiscard]] const descriptor& events() const noexcept { return events_; }
  // Whether any of the groups accounts memory: on hybrid machines those of version 2 do not.
  [[nodiscard]] bool accounted() const noexcept;
  // False once the group is gone.
  [[nodiscard]] bool own_group_exists() const noexcept;

  // "memory.max 512 MiB of /x", "no memory limit". Throws std::bad_alloc.
  [[nodiscard]] std::string description() const;

 private:
  struct counts {
    std::uint64_t high = 0, max = 0, out_of_memory = 0;
  };
  struct group {
    std::string directory, current, stat, high_limit, max_limit,
        events;  // paths; "" where there is no file
    std::uint64_t high = no_memory_limit;
    std::uint64_t max = no_memory_limit;
    counts seen;
    bool counted = false;  // `seen` has been read once
  };
  void look_at(group& g, pressure_signs& signs) noexcept;
  void count_events(group& g, pressure_signs& signs) noexcept;
  [[nodiscard]] std::uint64_t droppable(const group& g) const noexcept;

  std::vector<group> groups_;  // the own one first
  cgroup_version version_ = cgroup_version::v2;
  descriptor events_;
  double closest_ = 0;
  bool limited_ = false;
};

}  // namespace ebb::detail
