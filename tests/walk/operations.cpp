#include "operations.hpp"

#include <algorithm>

#include "breakpoints.hpp"
#include "runtime.hpp"
#include "sections.hpp"

namespace ebb::walk {

namespace {

using percpu::result;

std::uint64_t number(result r) noexcept { return r == result::done ? 1 : 0; }
std::uint64_t number(void* p) noexcept { return reinterpret_cast<std::uint64_t>(p); }
void* pointer(std::uint64_t n) noexcept { return reinterpret_cast<void*>(n); }

outcome nothing_out() noexcept {
  outcome o;
  o.objects.fill(untouched());
  o.id = no_id;
  return o;
}

// The plain C++ of each section.
struct plain {
  description& d;
  int place;

  int& loaded() const noexcept {
    return d.loaded[static_cast<unsigned>(d.local)][static_cast<unsigned>(place)];
  }
  contents* here() const noexcept {
    return loaded() == none ? nullptr : &d.magazine[static_cast<unsigned>(loaded())];
  }
  bool pop(void*& out) const noexcept {
    contents* const c = here();
    if (c == nullptr || c->count == 0) return false;
    out = c->object[--c->count];
    c->object[c->count] = nullptr;
    return true;
  }
  bool push(void* object) const noexcept {
    contents* const c = here();
    if (c == nullptr || c->count == capacity) return false;
    c->object[c->count++] = object;
    return true;
  }
  std::uint64_t& word() const noexcept { return d.word[static_cast<unsigned>(place)]; }
};

void* pushed_by(unsigned role) noexcept { return pointer(0x2'0000 + 0x1000 * std::uint64_t{role}); }
std::uint64_t added_by(unsigned role) noexcept { return role == 0 ? 0x100 : 0x1'0000; }
int loaded_by(unsigned role) noexcept { return first_private + 1 + static_cast<int>(role); }

// Another thread on a CPU that this one has left: no section of ours is in its way.
void pop_at(shard& s, outcome& out) noexcept {
  void** const top = s.top.load(std::memory_order_relaxed);
  if (*top == nullptr) return;
  out.value = 1;
  out.objects[0] = *top;
  s.top.store(top - 1, std::memory_order_relaxed);
}

void push_at(shard& s, void* object, outcome& out) noexcept {
  void** const top = s.top.load(std::memory_order_relaxed) + 1;
  if (magazine::word_of(top) == 0) return;
  out.value = 1;
  *top = object;
  s.top.store(top, std::memory_order_relaxed);
}

void collect(world& w, outcome& out) noexcept {
  const int retired = w.local_bank();
  w.use_bank(1 - retired);
  out.value = fence() ? 1 : 0;
  for (int p = 0; p < places; ++p) {
    shard& s = w.at(retired, w.id_of(p));
    w.make_private(s.top.load(std::memory_order_relaxed));
    s.top.store(no_magazine_top(), std::memory_order_relaxed);
  }
}

void load(world& w, unsigned role, const percpu::rseq_layout& at, outcome& out) noexcept {
  const std::uint32_t id = percpu::arch::current_id(at);
  void** const top = w.at(w.local_bank(), id).top.load(std::memory_order_relaxed);
  w.make_public(loaded_by(role));
  out.value = number(percpu::arch::exchange_top(at, w.local(), top, w.first_top(loaded_by(role)), out.id));
  w.make_private(top);
}

}  // namespace

outcome perform(const request& r, world& w, const percpu::rseq_layout& at) noexcept {
  outcome o = nothing_out();
  switch (r.what) {
    case op::pop: o.value = number(walk_pop(at, w.local(), o.objects[0])); break;
    case op::push: o.value = number(walk_push(at, w.local(), r.objects[0])); break;
    case op::pop_n: {
      void** const out = w.bulk_buffer();
      std::fill_n(out, bulk + 1, untouched());
      arm_tripwire();
      o.value = walk_pop_n(at, w.local(), out, bulk);
      disarm_tripwire();
      if (o.value > bulk || out[bulk] != untouched()) o.value = no_id;  // more than it was asked for
      // What an aborted try wrote beyond what the last one took means nothing.
      std::copy_n(out, std::min<std::size_t>(o.value, bulk), o.objects.begin());
      break;
    }
    case op::push_n: {
      void** const in = w.bulk_buffer();
      std::copy(r.objects.begin(), r.objects.end(), in);
      arm_tripwire();
      o.value = walk_push_n(at, w.local(), in, bulk);
      disarm_tripwire();
      break;
    }
    case op::exchange_top: {
      void** const expected = r.expected == none
                                  ? no_magazine_top()
                                  : w.first_top(r.expected) - w.first_count(r.expected) + r.expected_count;
      w.make_public(r.desired);
      const result done = walk_exchange_top(at, w.local(), expected, w.first_top(r.desired), o.id);
      w.make_private(done == result::done ? expected : w.first_top(r.desired));
      o.value = number(done);
      break;
    }
    case op::add: o.value = walk_add(at, w.elements(), world::word_offset, r.n); break;
    case op::exchange:
      o.value = number(walk_exchange(at, w.elements(), world::word_offset, r.objects[0]));
      break;
  }
  return o;
}

outcome replay(const request& r, description& d, int place, const world& w) noexcept {
  outcome o = nothing_out();
  const plain p{d, place};
  switch (r.what) {
    case op::pop: o.value = p.pop(o.objects[0]) ? 1 : 0; break;
    case op::push: o.value = p.push(r.objects[0]) ? 1 : 0; break;
    case op::pop_n:
      while (o.value < bulk && p.pop(o.objects[o.value])) ++o.value;
      break;
    case op::push_n:
      while (o.value < bulk && p.push(r.objects[o.value])) ++o.value;
      break;
    case op::exchange_top:
      if (p.loaded() != r.expected) break;
      if (r.expected != none && p.here()->count != r.expected_count) break;
      p.loaded() = r.desired;
      o.value = 1;
      o.id = w.id_of(place);
      break;
    case op::add: o.value = p.word() += r.n; break;
    case op::exchange:
      o.value = p.word();
      p.word() = number(r.objects[0]);
      break;
  }
  return o;
}

bool act(event& e, world& w, index_source& index) noexcept {
  const percpu::rseq_layout& at = index.layout();
  outcome& o = e.out = nothing_out();
  const std::uint32_t left = w.id_of(e.from);
  if (migrates(e.what)) index.migrate();
  const std::uint32_t now = index.current();
  e.to = w.place_of(now);
  if (e.to == none) return false;
  shard& shard_left = w.at(w.local_bank(), left);
  switch (e.what) {
    case action::nothing:
    case action::migrate: break;
    case action::pop: o.value = number(percpu::arch::pop(at, w.local(), o.objects[0])); break;
    case action::migrate_push:
    case action::push: o.value = number(percpu::arch::push(at, w.local(), pushed_by(e.role))); break;
    case action::load: load(w, e.role, at, o); break;
    case action::collect: collect(w, o); break;
    case action::left_pops: pop_at(shard_left, o); break;
    case action::left_pushes: push_at(shard_left, pushed_by(e.role), o); break;
    case action::migrate_add:
    case action::add:
      o.value = percpu::arch::add(at, w.elements(), world::word_offset, added_by(e.role));
      break;
    case action::exchange:
      o.value = number(percpu::arch::exchange(at, w.elements(), world::word_offset, pushed_by(e.role)));
      break;
    case action::left_adds: o.value = w.word(left) += added_by(e.role); break;
  }
  return index.current() == now;
}

void replay(const event& e, description& d, const world& w, outcome& o) noexcept {
  o = nothing_out();
  const plain left{d, e.from};
  const plain here{d, e.to};
  switch (e.what) {
    case action::nothing:
    case action::migrate: break;
    case action::pop: o.value = here.pop(o.objects[0]) ? 1 : 0; break;
    case action::migrate_push:
    case action::push: o.value = here.push(pushed_by(e.role)) ? 1 : 0; break;
    case action::load:
      here.loaded() = loaded_by(e.role);
      o.value = 1;
      o.id = w.id_of(e.to);
      break;
    case action::collect:
      d.loaded[static_cast<unsigned>(d.local)].fill(none);
      d.local = 1 - d.local;
      o.value = 1;
      break;
    case action::left_pops: o.value = left.pop(o.objects[0]) ? 1 : 0; break;
    case action::left_pushes: o.value = left.push(pushed_by(e.role)) ? 1 : 0; break;
    case action::migrate_add:
    case action::add: o.value = here.word() += added_by(e.role); break;
    case action::exchange:
      o.value = here.word();
      here.word() = number(pushed_by(e.role));
      break;
    case action::left_adds: o.value = left.word() += added_by(e.role); break;
  }
}

}  // namespace ebb::walk
