#include "pool_model.hpp"

#include <algorithm>

#include <ebb/detail/magazine.hpp>

#include "target.hpp"

namespace ebb::fuzz {

void pool_model::made(object& o) {
  EBB_FUZZ_CHECK(o.where == place::nowhere);
  o.where = place::held;
  o.pool = this;
  ++counted_.made;
}

void pool_model::joins_idle(object& o) {
  o.at = static_cast<std::uint32_t>(all_.size());
  all_.push_back(&o);
}

void pool_model::leaves_idle(object& o) {
  EBB_FUZZ_CHECK(o.at < all_.size() && all_[o.at] == &o);
  all_[o.at] = all_.back();
  all_[o.at]->at = o.at;
  all_.pop_back();
}

void pool_model::got(std::uint32_t id, object& o) {
  EBB_FUZZ_CHECK(o.pool == this);
  EBB_FUZZ_CHECK(o.where == place::young || o.where == place::old);
  std::vector<object*>& own = known_[id];
  if (!own.empty()) {
    EBB_FUZZ_CHECK(own.back() == &o);  // last in, first out
    own.pop_back();
  } else if (o.where == place::young) {
    // Stolen, in a magazine with what lies below it.
    for (std::vector<object*>& stack : known_) {
      const auto at = std::find(stack.begin(), stack.end(), &o);
      EBB_FUZZ_CHECK(at == stack.end() || bounds_.stealing != steal::none);
      if (at != stack.end()) stack.erase(stack.begin(), at + 1);
    }
  }
  if (o.where == place::old) {
    ++counted_.reused_victim;
    --old_;
  } else {
    --young_;
  }
  leaves_idle(o);
  o.where = place::held;
  ++gets_;
}

void pool_model::found_nothing(std::uint32_t id, bool is_counted) {
  if (is_counted) ++counted_.missed;
  EBB_FUZZ_CHECK(known_[id].empty());
  if (bounds_.stealing == steal::none) return;
  EBB_FUZZ_CHECK(old_ == 0);
  // Out of reach is what the other shards have loaded.
  EBB_FUZZ_CHECK(young_ <= (ids - 1) * loaded());
}

void pool_model::enters(object& o) {
  EBB_FUZZ_CHECK(o.where == place::held && o.pool == this);
  o.where = place::entering;
  exists_ = true;
  ++entering_;
  ++puts_;
}

void pool_model::entered(std::uint32_t id, object& o) {
  if (o.where != place::entering) return;
  // Only what shards had loaded before has room.
  EBB_FUZZ_CHECK(!keeps_nothing || idle() < idle_before_ + ids * loaded());
  o.where = place::young;
  --entering_;
  known_[id].push_back(&o);
  joins_idle(o);
  ++young_;
}

void pool_model::rejected(object& o) {
  o.where = place::entering;
  ++entering_;
  rejecting_ = true;
}

void pool_model::moved_about() noexcept {
  for (std::vector<object*>& stack : known_) stack.clear();
}

// Lowering a bound may take what was put since the last cycle, but only where nothing older is left. It
// moves what shards have loaded.
void pool_model::set_changing(bool on) {
  changing_ = on;
  moved_about();
  if (on) {
    young_went_ = false;
  } else {
    EBB_FUZZ_CHECK(!young_went_ || old_ == 0);
  }
}

void pool_model::cycle(eviction_reason why) {
  if (!exists_) return;
  ++counted_.cycles;
  doomed_for_ = why;
  // Of those that age some are spared.
  const std::uint64_t spared = why == eviction_reason::aged ? keep_ - std::min(keep_, young_) : 0;
  may_die_ = doomed_ + old_ - std::min(old_, spared);
  may_stay_ = spared;
  moved_about();
  for (object* const o : all_) {
    if (o->where == place::old) o->where = place::doomed;
    if (o->where == place::young) o->where = place::old;
  }
  doomed_ += old_;
  old_ = young_;
  young_ = 0;
}

void pool_model::refused() {
  if (!exists_) return;
  for (object* const o : all_) {
    if (o->where == place::doomed) o->where = place::old;
  }
  old_ += doomed_;
  doomed_ = 0;
}

void pool_model::closes() { closing_ = true; }

void pool_model::count(eviction_reason why) noexcept {
  switch (why) {
    case eviction_reason::aged: ++counted_.dropped_aged; break;
    case eviction_reason::over_budget: ++counted_.dropped_over_budget; break;
    case eviction_reason::pressure: ++counted_.dropped_pressure; break;
    case eviction_reason::drained: ++counted_.dropped_drained; break;
    case eviction_reason::rejected: ++counted_.dropped_rejected; break;
    default: break;
  }
}

void pool_model::destroyed_at_put(eviction_reason why, bool nested) {
  if (rejecting_) {
    EBB_FUZZ_CHECK(why == eviction_reason::rejected);
    rejecting_ = false;
  } else if (why == eviction_reason::pressure) {
    EBB_FUZZ_CHECK(keeps_nothing);
  } else {
    EBB_FUZZ_CHECK(why == eviction_reason::over_budget);
    // What is being destroyed has its room until all of it is.
    EBB_FUZZ_CHECK(may_be_full() || nested);
    // Those that nobody has used since the last cycle go first; a magazine of them that is being destroyed
    // is out of reach.
    EBB_FUZZ_CHECK(old_ == 0 || nested);
  }
}

void pool_model::destroyed(object& o, eviction_reason why, bool nested) {
  EBB_FUZZ_CHECK(o.pool == this);
  if (o.where == place::entering) {
    destroyed_at_put(why, nested);
    --entering_;
  } else {
    leaves_idle(o);
    if (closing_) {
      // A child that is put needs room.
      EBB_FUZZ_CHECK(why == eviction_reason::closed || (nested && why == eviction_reason::over_budget));
    } else if (o.where == place::doomed && why == doomed_for_) {
      EBB_FUZZ_CHECK(may_die_ > 0);
      --may_die_;
    } else {
      // The coldest first; what is kept beyond two cycles counts as young. A refused cycle leaves what was
      // put since the last one where it is, and a share may be smaller than that.
      EBB_FUZZ_CHECK(why == eviction_reason::over_budget && (may_be_full() || changing_));
      EBB_FUZZ_CHECK(o.where == place::old || keep_ != 0 || has_process_budget || changing_);
      young_went_ = young_went_ || o.where == place::young;
    }
    --(o.where == place::doomed ? doomed_ : o.where == place::old ? old_ : young_);
  }
  count(why);
  o.where = place::nowhere;
}

void pool_model::settled() {
  if (keep_ != 0 && !closing_ && doomed_for_ == eviction_reason::aged) {
    EBB_FUZZ_CHECK(doomed_ <= may_stay_);
    for (object* const o : all_) {
      if (o->where == place::doomed) o->where = place::young;
    }
    young_ += doomed_;
    doomed_ = 0;
  }
  EBB_FUZZ_CHECK(doomed_ == 0);
  EBB_FUZZ_CHECK(!closing_ || all_.empty());
}

std::uint64_t pool_model::loaded() const noexcept {
  const std::uint64_t share = bounds_.max_idle / (2 * std::uint64_t{bounds_.shards});
  return std::clamp<std::uint64_t>(share, 1, bounds_.max_loaded);
}

// Idle objects count, and the room that shards have set aside.
bool pool_model::may_be_full() const noexcept {
  return bounds_.shared || has_process_budget || limit_ <= idle() + entering_ + (ids + 1) * loaded();
}

void pool_model::check(const pool_stats& s) const {
  EBB_FUZZ_CHECK(idle() <= limit_);
  EBB_FUZZ_CHECK(s.idle == idle());
  EBB_FUZZ_CHECK(s.made == counted_.made);
  EBB_FUZZ_CHECK(s.missed == counted_.missed);
  EBB_FUZZ_CHECK(s.cycles == counted_.cycles);
  EBB_FUZZ_CHECK(s.reused_victim == counted_.reused_victim);
  EBB_FUZZ_CHECK(s.dropped_aged == counted_.dropped_aged);
  EBB_FUZZ_CHECK(s.dropped_over_budget == counted_.dropped_over_budget);
  EBB_FUZZ_CHECK(s.dropped_rejected == counted_.dropped_rejected);
  EBB_FUZZ_CHECK(s.dropped_pressure == counted_.dropped_pressure);
  EBB_FUZZ_CHECK(s.dropped_drained == counted_.dropped_drained);
  EBB_FUZZ_CHECK(s.idle_peak >= s.idle);
  EBB_FUZZ_CHECK(s.dropped_no_memory == 0 && s.dropped_at_random == 0 && s.detached == 0);
  EBB_FUZZ_CHECK(s.reused_own + s.reused_depot + s.reused_stolen + s.reused_victim <= gets_);
  EBB_FUZZ_CHECK(s.put <= puts_ + s.dropped_rejected);
}

}  // namespace ebb::fuzz
