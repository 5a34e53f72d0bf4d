#include "walker.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "runtime.hpp"
#include "sections.hpp"

namespace ebb::walk {

namespace {

walker* current = nullptr;

const void* start_of(op what) noexcept {
  switch (what) {
    case op::pop: return reinterpret_cast<const void*>(&walk_pop);
    case op::push: return reinterpret_cast<const void*>(&walk_push);
    case op::pop_n: return reinterpret_cast<const void*>(&walk_pop_n);
    case op::push_n: return reinterpret_cast<const void*>(&walk_push_n);
    case op::exchange_top: return reinterpret_cast<const void*>(&walk_exchange_top);
    case op::add: return reinterpret_cast<const void*>(&walk_add);
    case op::exchange: break;
  }
  return reinterpret_cast<const void*>(&walk_exchange);
}

std::vector<variant> variants(op what) {
  if (uses_words(what)) return {{.word = 0}, {.word = 5}, {.word = ~std::uint64_t{0} - 200}};
  std::vector<variant> all;
  for (const fill f : {fill::no_magazine, fill::empty, fill::one, fill::middle, fill::full})
    all.push_back({.home = f});
  if (what == op::exchange_top) all.push_back({.home = fill::middle, .stale = true});
  return all;
}

const char* name_of(const variant& v) {
  static constexpr std::array<const char*, 5> names{"no magazine", "empty", "one", "middle", "full"};
  return v.stale ? "stale" : names[static_cast<unsigned>(v.home)];
}

request request_of(op what, bool inner, const variant& v, world& w) noexcept {
  const std::uintptr_t token = inner ? 0x1'8000 : 0x1'0000;
  request r{.what = what, .n = inner ? 3u : 7u, .desired = inner ? magazines - 1 : first_private};
  for (std::uintptr_t i = 0; i < bulk; ++i) r.objects[i] = reinterpret_cast<void*>(token + 16 * i);
  r.expected = v.home == fill::no_magazine ? none : 0;
  r.expected_count = w.first_count(0) - (v.stale ? 1 : 0);
  return r;
}

}  // namespace

walker::walker(const char* list, bool made_up)
    : world_(std::max(this_runtime().shards, made_up_index::ids)) {
  if (made_up) {
    index_ = std::make_unique<made_up_index>();
  } else {
    auto kernel = std::make_unique<kernel_index>();
    can_migrate_ = kernel->can_migrate();
    if (!can_migrate_) std::puts("  ONE CPU ONLY: nothing migrates in this walk");
    index_ = std::move(kernel);
  }
  for (std::size_t i = 0; i < of_.size(); ++i)
    of_[i] = read_boundaries(list, op_names[i], start_of(static_cast<op>(i)));
  current = this;
  watch([](code* at, bool restarted) noexcept { current->on_stop(at, restarted); },
        []() noexcept { current->describe(); });
}

std::vector<action> walker::actions(op what, bool few) const {
  using enum action;
  std::vector<action> all{nothing, pop, push, load, collect, migrate, migrate_push, left_pops, left_pushes};
  if (few) all = {nothing, pop, push, load, collect, migrate, left_pops};
  if (uses_words(what)) all = {nothing, add, exchange, migrate, migrate_add, left_adds};
  if (!can_migrate_) std::erase_if(all, migrates);
  return all;
}

// Which shard is at home: that of the id this thread has now.
void walker::choose_ids() noexcept {
  const std::uint32_t now = index_->current();
  std::uint32_t away = world_.id_of(1);
  if (now != world_.id_of(0)) away = world_.id_of(0);
  if (away == now) away = now == 0 ? 1 : 0;
  if (now != world_.id_of(0) || away != world_.id_of(1)) world_.set_ids(now, away);
}

void walker::on_stop(code* at, bool restarted) noexcept {
  const unsigned level = hits_++;
  if (restarted) ++restarts_;
  const bool inside = at == nullptr || section_at(at) != nullptr;
  if (restarted != inside) wrong_stop_ = "a section that was interrupted did not start again";
  event& e = events_[level];
  e = {.what = plan_.what[level], .role = level, .from = place_, .to = place_, .out = {}};
  usable_ = act(e, world_, *index_) && usable_;
  place_ = e.to;
  if (migrates(e.what)) ++migrations_;
  if (e.to != e.from) ++moves_;
  if (level == 1 || plan_.at[1] == nullptr || !usable_) return;
  arm(plan_.at[1]->at);
  if (!plan_.nested) return;
  inner_out_ = perform(plan_.inner, world_, index_->layout());
  disarm();
  inner_called_ = true;
}

// False if the kernel gave this thread another id meanwhile, so that nothing can be said.
bool walker::attempt(const variant& v) {
  choose_ids();
  before_ = world_.reset(v.home, v.word);
  plan_.outer = request_of(plan_.outer.what, false, v, world_);
  plan_.inner = request_of(plan_.inner.what, true, v, world_);
  hits_ = 0;
  inner_called_ = false;
  place_ = 0;
  usable_ = true;
  wrong_stop_ = nullptr;
  fill_name_ = name_of(v);
  next_case();
  world_.use_bulk_buffer(lay_tripwire(plan_.round));
  if (plan_.round == 0) arm(plan_.at[0]->at);
  outer_out_ = perform(plan_.outer, world_, index_->layout());
  disarm();
  return usable_ && world_.id_of(place_) == index_->current();
}

void walker::run(const plan& p, const variant& v) {
  if (violations_ >= 20) return;
  plan_ = p;
  for (int tries = 0; !attempt(v); ++tries) {
    ++repeated_;
    if (tries < 1000) continue;
    std::fputs("walk: the kernel changes this thread's id too often\n", stderr);
    std::exit(2);
  }
  ++runs_;
  if (hits_ == (p.at[1] != nullptr ? 2u : 1u)) ++cases_;
  if (const char* const wrong = judge()) report(wrong);
}

void walker::end_line(const std::string& name, std::uint64_t cases_before) {
  if (const char* const wrong = world_.check_bystanders()) {
    ++violations_;
    std::printf("VIOLATION: %s: %s\n", wrong, name.c_str());
  }
  std::printf("  %s: %llu cases", name.c_str(), static_cast<unsigned long long>(cases_ - cases_before));
}

void walker::once(op what) {
  const std::uint64_t cases_before = cases_;
  boundaries& all = of_[static_cast<unsigned>(what)];
  const auto first_inside =
      std::find_if(all.begin(), all.end(), [](const boundary& b) { return section_at(b.at) != nullptr; });
  unsigned hit = 0;
  for (boundary& b : all) {
    for (const variant& v : variants(what)) {
      for (const action a : actions(what, false)) {
        plan p{.outer = {.what = what}, .inner = {}, .nested = false, .at = {&b}, .what = {a}};
        if (b.is_landing) {  // reached only after an interruption
          p.at = {&*first_inside, &b};
          p.what = {action::nothing, a};
        }
        run(p, v);
        b.hit = b.hit || hits_ == (b.is_landing ? 2u : 1u);
      }
    }
    if (b.hit) ++hit;
  }
  rounds(what);
  end_line(op_names[static_cast<unsigned>(what)], cases_before);
  std::printf(", %u of %zu instruction boundaries hit\n", hit, all.size());
  for (const boundary& b : all) {
    if (b.hit || violations_ != 0) continue;
    ++violations_;
    std::printf("VIOLATION: never reached: +0x%lx (%s)\n", static_cast<unsigned long>(b.offset),
                b.text.c_str());
  }
}

void walker::rounds(op what) {
  if (what != op::pop_n && what != op::push_n) return;
  for (unsigned round = 1; round < bulk; ++round) {
    bool hit = false;
    for (const variant& v : variants(what)) {
      for (const action a : actions(what, false)) {
        run({.outer = {.what = what}, .inner = {}, .nested = false, .at = {}, .what = {a}, .round = round},
            v);
        hit = hit || hits_ == 1;
      }
    }
    if (hit || violations_ != 0) continue;
    ++violations_;
    std::printf("VIOLATION: never reached: %s in round %u\n", op_names[static_cast<unsigned>(what)], round);
  }
}

void walker::twice(op what) {
  const std::uint64_t cases_before = cases_;
  const boundaries& all = of_[static_cast<unsigned>(what)];
  for (const boundary& first : all) {
    for (const boundary& second : all) {
      if (first.is_landing) continue;
      for (const variant& v : variants(what)) {
        for (const action a : actions(what, false)) {
          for (const action b : actions(what, false)) {
            run({.outer = {.what = what},
                 .inner = {},
                 .nested = false,
                 .at = {&first, &second},
                 .what = {a, b}},
                v);
          }
        }
      }
    }
  }
  end_line(std::string(op_names[static_cast<unsigned>(what)]) + " interrupted twice", cases_before);
  std::puts("");
}

void walker::pair(op outer, op inner) {
  const std::uint64_t cases_before = cases_;
  for (const boundary& first : of_[static_cast<unsigned>(outer)]) {
    for (const boundary& second : of_[static_cast<unsigned>(inner)]) {
      if (first.is_landing || second.is_landing) continue;
      for (const variant& v : variants(outer)) {
        for (const action a : actions(outer, true)) {
          for (const action b : actions(outer, false)) {
            run({.outer = {.what = outer},
                 .inner = {.what = inner},
                 .nested = true,
                 .at = {&first, &second},
                 .what = {a, b}},
                v);
          }
        }
      }
    }
  }
  end_line(
      std::string(op_names[static_cast<unsigned>(outer)]) + " x " + op_names[static_cast<unsigned>(inner)],
      cases_before);
  std::puts("");
}

void walker::finish() {
  std::printf(
      "cases %llu runs %llu restarts %llu migrations %llu (to another id: %llu) repeated %llu violations "
      "%llu\n",
      static_cast<unsigned long long>(cases_), static_cast<unsigned long long>(runs_),
      static_cast<unsigned long long>(restarts_), static_cast<unsigned long long>(migrations_),
      static_cast<unsigned long long>(moves_), static_cast<unsigned long long>(repeated_),
      static_cast<unsigned long long>(violations_));
}

}  // namespace ebb::walk
