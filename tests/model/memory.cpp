// Which store a load may see, and which accesses race.
//
// Each location has its stores in modification order. A load may see any but those that are hidden from its
// thread: older than one that happened before the load, or than one that a load that happened before has
// seen. A read-modify-write sees the last. An acquire load learns what the store's release sequence tells.
#include <cstdio>
#include <cstring>

#include "machine.hpp"

namespace ebb::model {

namespace {

struct old_contents {
  std::uint64_t* at;
  std::uint64_t value;
};
std::vector<old_contents> undo;
bool newly_shared = false;

// Open addressing: found again at every step, and never erased.
constexpr std::size_t table_size = 1 << 15;
location* table[table_size];
std::size_t table_used = 0;

struct range {
  std::uintptr_t begin, end;
};
std::vector<range> quiet_ranges;

std::uint64_t memory_at(const void* at, unsigned bytes) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, at, bytes);
  return value;
}

void write_memory(void* at, unsigned bytes, std::uint64_t value, const location* l = nullptr) {
  if (l == nullptr || bytes != 8 || l->undo_execution != execution) note_old_contents(at, bytes);
  std::memcpy(at, &value, bytes);
}

bool acquires(order o) noexcept { return o == std::memory_order_acquire || o == std::memory_order_acq_rel; }
bool releases(order o) noexcept { return o == std::memory_order_release || o == std::memory_order_acq_rel; }

void supported(order o) {
  if (o == std::memory_order_seq_cst || o == std::memory_order_consume) {
    give_up("seq_cst and consume are not modelled; the library uses neither");
  }
}

[[noreturn]] void race(const location& l, const char* what) {
  trace(what, reinterpret_cast<void*>(l.address), 0, std::memory_order_relaxed, place{}, "RACE");
  static char text[128];
  std::snprintf(text, sizeof text, "data race: %s", what);
  fail(text);
}

void check_unread(const location& l, const clock& c, const std::array<epoch, max_threads>& events,
                  const char* what) {
  for (int u = 0; u < max_threads; ++u) {
    if (u != this_thread() && events[u] > c.knows[u]) race(l, what);
  }
}

void check_plain_write(const location& l, const clock& c, const char* what) {
  if (l.plain_writer >= 0 && l.plain_writer != this_thread() && l.plain_written > c.knows[l.plain_writer]) {
    race(l, what);
  }
}

void note_use(location& l, bool is_write) noexcept {
  const auto bit = static_cast<std::uint8_t>(1 << this_thread());
  l.used_by |= bit;
  if (is_write) l.written_by |= bit;
  if (l.shared || l.quiet || l.written_by == 0 || (l.used_by & (l.used_by - 1)) == 0) return;
  l.shared = true;
  newly_shared = true;
}

void check_is_mapped(location& l, bool is_plain) {
  const auto bit = static_cast<std::uint8_t>(1 << (this_thread() + (is_plain ? max_threads : 0)));
  if (l.mapping_version != mapping_version) {
    l.mapping_version = mapping_version;
    l.known_mapped_to = 0;
  }
  if ((l.known_mapped_to & bit) != 0) return;
  check_mapped(reinterpret_cast<const void*>(l.address), is_plain);
  l.known_mapped_to |= bit;
}

// An atomic operation is about to happen: lets others go first, checks for races with plain accesses.
location& enter(const void* at, unsigned bytes, bool is_write) {
  location& l = location_of(at);
  if (l.shared) before_step();
  check_is_mapped(l, false);
  note_use(l, is_write);
  const clock& c = my_clock();
  check_plain_write(l, c, "an atomic operation, and a plain write that did not happen before");
  if (is_write) {
    check_unread(l, c, l.plain_read, "an atomic write, and a plain read that did not happen before");
    l.atomic_written[this_thread()] = c.knows[this_thread()];
  }
  l.atomic_read[this_thread()] = c.knows[this_thread()];
  if (l.history.empty()) {
    l.history.push_back({});
    l.history[0].value = memory_at(at, bytes);
  }
  return l;
}

// The oldest store that the running thread may still see.
unsigned oldest_visible(const location& l) noexcept {
  const clock& c = my_clock();
  unsigned oldest = 0;
  for (int u = 0; u < max_threads; ++u) {
    for (auto s = l.seen[u].rbegin(); s != l.seen[u].rend(); ++s) {
      if (s->when > c.knows[u]) continue;
      if (s->index > oldest) oldest = s->index;
      break;
    }
  }
  return oldest;
}

void note_seen(location& l, unsigned index) {
  auto& mine = l.seen[this_thread()];
  const epoch when = my_clock().knows[this_thread()];
  const auto i = static_cast<std::uint16_t>(index);
  if (!mine.empty() && mine.back().index == i) return;
  if (!mine.empty() && mine.back().when == when) {
    mine.back().index = i;
  } else {
    mine.push_back({when, i});
  }
}

std::uint64_t see(location& l, unsigned index, order o) {
  note_seen(l, index);
  const stored& s = l.history[index];
  if (acquires(o) && s.has_told && !l.quiet) my_clock().learn(s.tells);
  return s.value;
}

void append(location& l, void* at, unsigned bytes, std::uint64_t value, order o, bool continues_release) {
  if (l.history.size() >= 4096) give_up("more stores to one location than the checker keeps");
  stored s;
  s.value = value;
  if (continues_release && l.history.back().has_told) {
    s.has_told = true;
    s.tells = l.history.back().tells;
  }
  clock& c = my_clock();
  l.history.push_back(s);
  note_seen(l, static_cast<unsigned>(l.history.size() - 1));
  if (releases(o)) {
    l.history.back().has_told = true;
    l.history.back().tells.learn(c);
    ++c.knows[this_thread()];  // what comes now was not told
  }
  write_memory(at, bytes, value, &l);
}

std::uint64_t truncated(std::uint64_t value, unsigned bytes) noexcept {
  return bytes == 8 ? value : value & ((std::uint64_t{1} << (8 * bytes)) - 1);
}

const char* age(unsigned behind) {
  static char text[48];
  if (behind == 0) return "";
  std::snprintf(text, sizeof text, "  OLD: %u newer", behind);
  return text;
}

}  // namespace

location& location_of(const void* at) {
  const auto address = reinterpret_cast<std::uintptr_t>(at);
  std::size_t i = (address * 0x9e3779b97f4a7c15) >> 49;
  while (table[i] != nullptr && table[i]->address != address) i = (i + 1) % table_size;
  if (table[i] == nullptr) {
    if (++table_used > table_size / 2) give_up("more locations than the checker keeps");
    table[i] = new location;
    table[i]->address = address;
    for (const range& r : quiet_ranges) {
      if (address >= r.begin && address < r.end) table[i]->quiet = true;
    }
  }
  location& l = *table[i];
  if (l.execution != execution) {
    l.execution = execution;
    l.history.clear();
    for (auto& s : l.seen) s.clear();
    l.plain_writer = -1;
    l.plain_read = l.atomic_read = l.atomic_written = {};
  }
  return l;
}

void uninteresting(const void* at, std::size_t bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(at);
  quiet_ranges.push_back({begin, begin + bytes});
}

void forget_learning() { newly_shared = false; }
bool something_new_is_shared() noexcept { return newly_shared; }

void note_old_contents(const void* at, std::size_t bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(at) & ~std::uintptr_t{7};
  const auto end = reinterpret_cast<std::uintptr_t>(at) + bytes;
  for (std::uintptr_t word = begin; word < end; word += 8) {
    location& l = location_of(reinterpret_cast<void*>(word));
    if (l.undo_execution == execution) continue;
    l.undo_execution = execution;
    auto* const p = reinterpret_cast<std::uint64_t*>(word);
    undo.push_back({p, *p});
  }
}

void restore_memory() {
  for (const old_contents& o : undo) *o.at = o.value;
  undo.clear();
}

std::uint64_t load(const void* at, unsigned bytes, order o, place p) {
  if (now != phase::running) return memory_at(at, bytes);
  supported(o);
  location& l = enter(at, bytes, false);
  const auto last = static_cast<unsigned>(l.history.size() - 1);
  unsigned back = 0;
  if (last > 0 && !l.quiet && may_see_old()) back = choose(last - oldest_visible(l) + 1);
  if (back > 0) saw_old();
  const std::uint64_t value = see(l, last - back, o);
  if (tracing) trace("load", at, value, o, p, age(back));
  return value;
}

void store(void* at, unsigned bytes, std::uint64_t value, order o, place p) {
  if (now == phase::setting_up) {
    std::memcpy(at, &value, bytes);
    return;
  }
  if (now == phase::ending) return write_memory(at, bytes, value);
  supported(o);
  location& l = enter(at, bytes, true);
  append(l, at, bytes, value, o, false);
  if (tracing) trace("store", at, value, o, p);
}

std::uint64_t exchange(void* at, unsigned bytes, std::uint64_t value, order o, place p) {
  if (now != phase::running) {
    const std::uint64_t before = memory_at(at, bytes);
    store(at, bytes, value, o, p);
    return before;
  }
  supported(o);
  location& l = enter(at, bytes, true);
  const std::uint64_t before = see(l, static_cast<unsigned>(l.history.size() - 1), o);
  append(l, at, bytes, value, o, true);
  if (tracing) trace("exchange", at, value, o, p);
  return before;
}

std::uint64_t fetch_add(void* at, unsigned bytes, std::uint64_t n, order o, place p) {
  if (now != phase::running) {
    const std::uint64_t before = memory_at(at, bytes);
    store(at, bytes, before + n, o, p);
    return before;
  }
  supported(o);
  location& l = enter(at, bytes, true);
  const std::uint64_t before = see(l, static_cast<unsigned>(l.history.size() - 1), o);
  append(l, at, bytes, truncated(before + n, bytes), o, true);
  if (tracing) trace("add", at, n, o, p);
  return before;
}

bool compare_exchange(void* at, unsigned bytes, std::uint64_t& expected, std::uint64_t desired,
                      order success, order failure, place p) {
  if (now != phase::running) {
    const std::uint64_t before = memory_at(at, bytes);
    if (before != expected) {
      expected = before;
      return false;
    }
    store(at, bytes, desired, success, p);
    return true;
  }
  supported(success);
  location& l = enter(at, bytes, true);
  const auto last = static_cast<unsigned>(l.history.size() - 1);
  // It may fail because of any visible store that has another value, and succeed only with the last one.
  std::array<unsigned, 64> candidates;
  unsigned count = 0;
  if (l.history[last].value == expected) candidates[count++] = last;
  const unsigned oldest = may_see_old() && !l.quiet ? oldest_visible(l) : last;
  for (unsigned i = last + 1; i-- > oldest && count < candidates.size();) {
    if (l.history[i].value != expected) candidates[count++] = i;
  }
  const unsigned i = candidates[choose(count)];
  if (i != last) saw_old();
  if (l.history[i].value == expected) {
    (void)see(l, last, success);
    append(l, at, bytes, desired, success, true);
    if (tracing) trace("compare-exchange", at, desired, success, p, "  done");
    return true;
  }
  expected = see(l, i, failure);
  if (tracing)
    trace("compare-exchange", at, expected, failure, p, i == last ? "  failed" : "  failed, OLD");
  return false;
}

void plain_access(const void* at, std::size_t bytes, bool is_write, const void* caller) {
  if (is_write) note_old_contents(at, bytes);
  if (now == phase::ending) return;
  const clock& c = my_clock();
  const int me = this_thread();
  for (std::size_t i = 0; i < bytes; i += 4) {
    const void* const word = static_cast<const char*>(at) + i;
    if (i % 8 == 4 && bytes % 8 == 0) {
      // The second half of 8 bytes: only if something smaller lives there.
      const auto address = reinterpret_cast<std::uintptr_t>(word);
      std::size_t slot = (address * 0x9e3779b97f4a7c15) >> 49;
      while (table[slot] != nullptr && table[slot]->address != address) slot = (slot + 1) % table_size;
      if (table[slot] == nullptr) continue;
    }
    location& l = location_of(word);
    check_is_mapped(l, true);
    if (tracing && is_named(at)) {
      trace(is_write ? "plain write" : "plain read", at, reinterpret_cast<std::uintptr_t>(caller),
            std::memory_order_relaxed, place{});
    }
    check_plain_write(l, c,
                      is_write ? "two plain writes, neither happened before the other"
                               : "a plain read, and a plain write that did not happen before");
    check_unread(l, c, l.atomic_written, "a plain access, and an atomic write that did not happen before");
    if (!is_write) {
      l.plain_read[me] = c.knows[me];
      continue;
    }
    check_unread(l, c, l.plain_read, "a plain write, and a plain read that did not happen before");
    check_unread(l, c, l.atomic_read, "a plain write, and an atomic read that did not happen before");
    l.plain_writer = me;
    l.plain_written = c.knows[me];
    // Whoever may come here knows of this write, so older stores are hidden from all.
    l.history.clear();
    for (auto& s : l.seen) s.clear();
    l.atomic_read = l.atomic_written = l.plain_read = {};
  }
}

}  // namespace ebb::model
