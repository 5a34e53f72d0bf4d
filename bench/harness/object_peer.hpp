// A system written in C++ that hands out payloads: a type with
//   item               what owns a payload: *item is the payload; it goes back by put() at the latest when
//                      it is destroyed, and an empty one converts to false
//   get()              an item, made anew when there is none
//   put(item&)         gives it back
//   try_get()          optional: an empty item rather than a new one
//   get_n, put_n       optional: many at once, used for bursts
//   cycle()            optional: what the system does to give memory back
//   thread_scope()     optional: what a thread must hold while it uses the system
//   takes_part(case)   optional and static: whether it does
//   max_threads        optional and static: above, it does not take part
//   one_per_process    optional and static: all of the type are one system, as what they keep is static
// Defining one bench::object_peer<System> in a file of peers/ is all it takes to be compared.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>
#include <variant>

#include "alone/churn.hpp"
#include "alone/memory.hpp"
#include "alone/pools.hpp"
#include "cases/all.hpp"
#include "counts/count_task.hpp"
#include "loop_contender.hpp"
#include "peer.hpp"

namespace bench {

template <class System>
int run_task(const count_task& /*task*/) {
  count_operations<System>();
  return 0;
}

template <class System>
class object_peer final : public peer {
 public:
  using peer::peer;

  [[nodiscard]] std::unique_ptr<contender> start(std::string_view case_name, team& crew) const override {
    if (!takes_part(case_name, crew.size())) return nullptr;
    std::unique_ptr<contender> found;
    for_each_object_case([&]<class Case>() {
      if constexpr (requires { typename Case::template contender_of<System>; }) {
        if (case_name == Case::name)
          found = std::make_unique<typename Case::template contender_of<System>>(crew);
      }
    });
    return found;
  }

  [[nodiscard]] int run_alone(const alone_task& task) const override {
    return std::visit(
        [&]<class Task>(const Task& t) {
          std::size_t threads = 1;
          if constexpr (requires { t.threads; }) threads = t.threads;
          if constexpr (can_do<Task>) {
            if (takes_part(Task::name, threads)) return run_task<System>(t);
          }
          return peer::run_alone(task);
        },
        task);
  }

 private:
  template <class Task>
  static constexpr bool can_do = !std::is_same_v<Task, pools_task> || !requires {
    System::one_per_process;
  };

  static bool takes_part([[maybe_unused]] std::string_view what, [[maybe_unused]] std::size_t threads) {
    bool result = true;
    if constexpr (requires { System::max_threads; }) result = threads <= System::max_threads;
    if constexpr (requires { System::takes_part(what); }) result = result && System::takes_part(what);
    return result;
  }
};

}  // namespace bench
