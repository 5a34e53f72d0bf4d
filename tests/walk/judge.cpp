// What came out of a case, and whether some serial order gives it.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <vector>

#include "walker.hpp"

namespace ebb::walk {

namespace {

// Items of an order: 0 and 1 are the events, these the walked operations.
constexpr int outer_item = -1;
constexpr int inner_item = -2;

}  // namespace

bool walker::explains(std::span<const int> order) const noexcept {
  description d = before_;
  int place = 0;
  for (const int item : order) {
    if (item == outer_item) {
      if (replay(plan_.outer, d, place, world_) != outer_out_) return false;
    } else if (item == inner_item) {
      if (replay(plan_.inner, d, place, world_) != inner_out_) return false;
    } else {
      const event& e = events_[static_cast<unsigned>(item)];
      outcome out;
      replay(e, d, world_, out);
      if (out != e.out) return false;
      place = e.to;
    }
  }
  return d == after_;
}

bool walker::some_order_explains() const noexcept {
  // What came in between came in this order. The outer operation is indivisible: it happened at one point
  // between the interruptions; and if they were nested, before or after all of them.
  std::array<int, 4> order{};
  const unsigned events = hits_;
  for (unsigned outer = 0; outer <= events; ++outer) {
    if (inner_called_ && outer != 0 && outer != events) continue;
    for (unsigned inner = 1; inner <= (inner_called_ ? events : 1); ++inner) {
      std::size_t n = 0;
      for (unsigned i = 0; i <= events; ++i) {
        if (i == outer && outer == 0) order[n++] = outer_item;
        if (inner_called_ && i == inner) order[n++] = inner_item;
        if (i == outer && outer != 0) order[n++] = outer_item;
        if (i < events) order[n++] = static_cast<int>(i);
      }
      if (explains({order.data(), n})) return true;
    }
  }
  return false;
}

const char* walker::judge() {
  if (const char* const wrong = world_.read(after_)) return wrong;
  if (some_order_explains()) return wrong_stop_;
  // Say more about it, if it can be said.
  std::vector<void*> held;
  for (const contents& c : after_.magazine)
    held.insert(held.end(), c.object.begin(), c.object.begin() + c.count);
  for (const outcome* o : {&outer_out_, &inner_out_, &events_[0].out, &events_[1].out}) {
    if ((o == &inner_out_ && !inner_called_) || (o == &events_[0].out && hits_ < 1) ||
        (o == &events_[1].out && hits_ < 2)) {
      continue;
    }
    std::copy_if(o->objects.begin(), o->objects.end(), std::back_inserter(held),
                 [](void* p) { return p != untouched() && p != nullptr; });
  }
  std::sort(held.begin(), held.end());
  if (std::adjacent_find(held.begin(), held.end()) != held.end()) return "an object is in two places";
  for (const contents& c : before_.magazine) {
    for (std::uint32_t i = 0; i < c.count; ++i) {
      if (!std::binary_search(held.begin(), held.end(), c.object[i])) return "an object is lost";
    }
  }
  return "no serial order explains the result";
}

void walker::describe() const noexcept {
  char line[512];
  int n = std::snprintf(line, sizeof line, "%s, %s", op_names[static_cast<unsigned>(plan_.outer.what)],
                        fill_name_);
  if (plan_.round != 0) {
    n += std::snprintf(line + n, sizeof line - static_cast<std::size_t>(n), "; %s in round %u",
                       action_names[static_cast<unsigned>(plan_.what[0])], plan_.round);
  }
  for (unsigned i = 0; i < 2 && plan_.at[i] != nullptr; ++i) {
    n += std::snprintf(line + n, sizeof line - static_cast<std::size_t>(n), "; %s%s at +0x%lx (%.40s)",
                       i == 1 && plan_.nested ? "nested " : "",
                       action_names[static_cast<unsigned>(plan_.what[i])],
                       static_cast<unsigned long>(plan_.at[i]->offset), plan_.at[i]->text.c_str());
  }
  line[n++] = '\n';
  (void)!::write(STDOUT_FILENO, line, static_cast<std::size_t>(n));
}

void walker::report(const char* wrong) noexcept {
  if (violations_++ >= 3) return;
  std::printf("VIOLATION: %s: ", wrong);
  std::fflush(stdout);
  describe();
}

}  // namespace ebb::walk
