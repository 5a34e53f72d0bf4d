// Every other thread gets objects, the thread after it puts them: what passes between the two is a queue of
// theirs, the same for every system. The time is that of one object, by the slower of the two.
#pragma once

#include <memory>
#include <vector>

#include "harness/handing_over.hpp"
#include "harness/loop_contender.hpp"
#include "harness/payload.hpp"
#include "harness/spsc_queue.hpp"

namespace bench {

struct handover_case {
  static constexpr const char* name = "handover";
  static constexpr std::size_t operations = 1;
  static bool takes(unsigned threads) { return threads == 2 || threads == 4; }

  template <class System>
  class contender_of final : public contender {
   public:
    explicit contender_of(team& crew) : crew_(crew) {
      for (unsigned i = 0; i < crew.size() / 2; ++i) queues_.push_back(std::make_unique<queue>());
      repeats_ = repeats_of_a_slice(crew.size(), [this](std::size_t n) { return run(n); });
    }
    readings slice() override { return {{"ns", run(repeats_) * 1e9 / static_cast<double>(repeats_)}}; }

   private:
    using item = typename System::item;
    using queue = spsc_queue<item>;  // empty after each slice

    double run(std::size_t repeats) {
      return crew_.run([this, repeats](unsigned i) {
        [[maybe_unused]] const auto scope = enter_thread(system_);
        queue& in_transit = *queues_[i / 2];
        i % 2 == 0 ? get_and_pass_on(system_, in_transit, repeats)
                   : take_and_put(system_, in_transit, repeats);
      });
    }

    team& crew_;
    System system_;
    std::vector<std::unique_ptr<queue>> queues_;
    std::size_t repeats_ = 0;
  };
};

}  // namespace bench
