// A load that moves: one of two threads gets objects and the other one puts them, as in `handover`, but
// after each phase of 4096 objects they change roles, and after every other one each moves to its next CPU.
// A system that keeps what was put apart by thread or by CPU has to find it again, or makes objects that it
// already has.
// The metrics are `ns`, the time of one object including the moves, which are the same for every system,
// and `made_per_1000`, how many objects were made for 1000 gets; that one is left out for systems that
// cannot come back empty-handed and so keep no objects of their own.
#pragma once

#include <sched.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

#include "harness/handing_over.hpp"
#include "harness/loop_contender.hpp"
#include "harness/payload.hpp"
#include "harness/spsc_queue.hpp"

namespace bench {

// Moves the calling thread from one to another of the CPUs that it is allowed to use; when this is
// destroyed, it may use all of them again.
class tour_of_cpus {
 public:
  explicit tour_of_cpus(unsigned first) : next_(first) {
    ::sched_getaffinity(0, sizeof allowed_, &allowed_);
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &allowed_)) cpus_.push_back(cpu);
    }
  }
  ~tour_of_cpus() { ::sched_setaffinity(0, sizeof allowed_, &allowed_); }
  tour_of_cpus(const tour_of_cpus&) = delete;
  tour_of_cpus& operator=(const tour_of_cpus&) = delete;

  void move_on() {
    if (cpus_.empty()) return;  // more CPUs than a cpu_set_t has room for
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpus_[next_++ % cpus_.size()], &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }

 private:
  cpu_set_t allowed_{};
  std::vector<int> cpus_;
  std::size_t next_;
};

struct shifting_case {
  static constexpr const char* name = "shifting";
  static constexpr std::size_t phase = 4096;
  static bool takes(unsigned threads) { return threads == 2; }

  // Several times as long as other slices, for some phases, and an even number of those: each slice begins
  // with the roles changed.
  static std::size_t repeats_from(std::size_t repeats_of_other_slices) {
    return (1 + 5 * repeats_of_other_slices / (2 * phase)) * 2 * phase;
  }

  static readings from_foreign(const readings& answer) {
    return readings_of(value_of(answer, "seconds"), value_of(answer, "made"), value_of(answer, "gets"));
  }

  template <class System>
  class contender_of final : public contender {
   public:
    explicit contender_of(team& crew) : crew_(crew), made_(crew.size()) {
      repeats_ = repeats_from(repeats_of_a_slice(crew.size(), [this](std::size_t n) { return run(n); }));
    }
    readings slice() override {
      const double seconds = run(repeats_);
      const double made = std::accumulate(made_.begin(), made_.end(), 0.0);
      readings seen = readings_of(seconds, made, static_cast<double>(repeats_));
      if constexpr (!requires { system_.try_get(); }) seen.pop_back();
      return seen;
    }

   private:
    using item = typename System::item;

    double run(std::size_t repeats) {
      return crew_.run([this, repeats](unsigned thread) {
        [[maybe_unused]] const auto scope = enter_thread(system_);
        const std::uint64_t made_before = payloads_made;
        tour_of_cpus tour(thread);
        for (std::size_t done = 0; done < repeats; done += phase) {
          const std::size_t producer = done / phase % 2;
          // Not each time: on two CPUs it would be the same one that gets in every phase.
          if (producer == 0) tour.move_on();
          const std::size_t objects = std::min(phase, repeats - done);
          spsc_queue<item>& in_transit = queues_[producer];
          producer == thread ? get_and_pass_on(system_, in_transit, objects)
                             : take_and_put(system_, in_transit, objects);
        }
        made_[thread] = static_cast<double>(payloads_made - made_before);
      });
    }

    team& crew_;
    System system_;
    // One for each direction, empty after each phase: a thread begins to produce when it has consumed all.
    std::array<spsc_queue<item>, 2> queues_;
    std::vector<double> made_;  // by each thread in the last slice
    std::size_t repeats_ = 0;
  };

 private:
  static readings readings_of(double seconds, double made, double gets) {
    return {{"ns", seconds * 1e9 / gets}, {"made_per_1000", made * 1e3 / gets}};
  }
};

}  // namespace bench
