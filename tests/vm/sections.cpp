// The contract of the sections, compactly: tests/unit/percpu_test.cpp in full needs googletest.
#include <ebb/detail/magazine.hpp>
#include <ebb/detail/percpu/percpu.hpp>

#include <array>
#include <cstddef>
#include <cstdio>

#include "guest.hpp"

namespace ebb::vm {
namespace {

using namespace ebb::detail;
using percpu::result;

constexpr std::uint32_t ids = 64;
thread_local std::uint32_t fake_id = 0;
alignas(shard_bytes) std::array<shard, ids> shards;
std::array<magazine, 2> blocks;

struct alignas(shard_bytes) element {
  std::uint64_t number = 0;
  void* pointer = nullptr;
};
std::array<element, ids> elements;

void* object(std::uintptr_t n) { return reinterpret_cast<void*>(n * 16); }

percpu::rseq_layout layout() {
  auto* const self = static_cast<char*>(__builtin_thread_pointer());
  return {percpu::layout.area, reinterpret_cast<char*>(&fake_id) - self};
}

void** loaded(std::size_t block, std::uint32_t capacity, std::uint32_t fill) {
  owned_magazine m = owned_magazine::empty(&blocks[block], capacity);
  for (std::uint32_t i = 1; i <= fill; ++i) m.add(object(i));
  return loaded_magazine::top_of(m);
}

class checker {
 public:
  void expect(bool holds, const char* what) {
    ++count.cases;
    if (holds) return;
    ++count.bad;
    std::printf("vm: sections: id %u: %s\n", fake_id, what);
  }
  outcome count;
};

void check_under(checker& check, std::uint32_t id) {
  std::atomic<shard*> bank{shards.data()};
  void* out = object(999);
  fake_id = id;
  shards[id].top = no_magazine_top();
  check.expect(percpu::arch::pop(layout(), bank, out) == result::refused && out == object(999),
               "pop of none");
  check.expect(percpu::arch::push(layout(), bank, object(1)) == result::refused, "push to none");

  shards[id].top = loaded(0, 3, 0);
  for (std::uintptr_t i = 1; i <= 3; ++i)
    check.expect(percpu::arch::push(layout(), bank, object(i)) == result::done, "push");
  check.expect(percpu::arch::push(layout(), bank, object(4)) == result::refused, "push to full");
  for (std::uintptr_t i = 3; i >= 1; --i)
    check.expect(percpu::arch::pop(layout(), bank, out) == result::done && out == object(i), "pop");
  check.expect(percpu::arch::pop(layout(), bank, out) == result::refused, "pop of empty");

  std::array<void*, 20> in{};
  std::array<void*, 20> many{};
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = object(100 + i);
  shards[id].top = loaded(0, 12, 2);
  check.expect(percpu::arch::push_n(layout(), bank, in.data(), 7) == 7, "push_n");
  check.expect(percpu::arch::push_n(layout(), bank, in.data() + 7, 13) == 3, "push_n of more than fits");
  check.expect(percpu::arch::push_n(layout(), bank, in.data(), 1) == 0, "push_n to full");
  check.expect(percpu::arch::pop_n(layout(), bank, many.data(), 4) == 4 && many[0] == object(109) &&
                   many[3] == object(106) && many[4] == nullptr,
               "pop_n");
  check.expect(percpu::arch::pop_n(layout(), bank, many.data(), 20) == 8 && many[7] == object(1),
               "pop_n of all");
  check.expect(percpu::arch::pop_n(layout(), bank, many.data(), 20) == 0, "pop_n of empty");

  std::uint32_t seen = 12345;
  void** const first = loaded(0, 4, 2);
  void** const second = loaded(1, 4, 4);
  shards[id].top = first;
  check.expect(percpu::arch::exchange_top(layout(), bank, first - 1, second, seen) == result::refused &&
                   shards[id].top == first && seen == 12345,
               "exchange_top of another");
  check.expect(percpu::arch::exchange_top(layout(), bank, first, second, seen) == result::done &&
                   shards[id].top == second && seen == id,
               "exchange_top");

  void* const array = elements.data();
  elements[id] = {};
  check.expect(percpu::arch::add(layout(), array, offsetof(element, number), 5) == 5, "add");
  check.expect(
      percpu::arch::add(layout(), array, offsetof(element, number), 1ull << 40) == (1ull << 40) + 5, "add");
  check.expect(percpu::arch::exchange(layout(), array, offsetof(element, pointer), object(7)) == nullptr,
               "exchange");
  check.expect(percpu::arch::exchange(layout(), array, offsetof(element, pointer), object(8)) == object(7),
               "exchange");
  check.expect(elements[id].pointer == object(8) && percpu::arch::current_id(layout()) == id, "current_id");
  shards[id].top = no_magazine_top();
  elements[id] = {};
}

}  // namespace

outcome check_sections() {
  checker check;
  for (std::uint32_t i = 0; i < ids; ++i) shards[i].top = no_magazine_top();
  for (const std::uint32_t id : {0u, 1u, 2u, 31u, ids - 1}) check_under(check, id);
  for (std::uint32_t i = 0; i < ids; ++i)
    check.expect(shards[i].top == no_magazine_top() && elements[i].number == 0, "nothing else was written");
  std::printf("vm: sections cases %lu bad %lu\n", check.count.cases, check.count.bad);
  return check.count;
}

}  // namespace ebb::vm
