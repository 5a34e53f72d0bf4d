#include "pool_model.hpp"

#include <algorithm>

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
  EBB_FUZZ_CHECK(old_ == 0);
  // Out of reach is what the other shards have loaded.
  EBB_FUZZ_CHECK(young_ <= (ids - 1) * loaded());
}

void pool_model::enters(object& o) {
  EBB_FUZZ_CHECK(o.where == place::held && o.pool == this);
  o.where = place::entering;
  exists_ = true;
  ++puts_;
}

void pool_model::entered(std::uint32_t id, object& o) {
  if (o.where != place::entering) return;
  o.where = place::young;
  known_[id].push_back(&o);
  joins_idle(o);
  ++young_;
}

void pool_model::rejected(object& o) {
  o.where = place::entering;
  rejecting_ = true;
  ++counted_.dropped_rejected;
}

void pool_model::moved_about() noexcept {
  for (std::vector<object*>& stack : known_) stack.clear();
}

void pool_model::cycle() {
  if (!exists_) return;
  ++counted_.cycles;
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

void pool_model::destroyed(object& o) {
  EBB_FUZZ_CHECK(o.pool == this);
  if (o.where == place::entering) {
    if (rejecting_) {
      rejecting_ = false;
    } else {
      EBB_FUZZ_CHECK(may_be_full());
      ++counted_.dropped_over_max_idle;
    }
  } else {
    leaves_idle(o);
    if (closing_) {
      --(o.where == place::doomed ? doomed_ : o.where == place::old ? old_ : young_);
    } else {
      EBB_FUZZ_CHECK(o.where == place::doomed);
      --doomed_;
      ++counted_.dropped_aged;
    }
  }
  o.where = place::nowhere;
}

void pool_model::settled() const {
  EBB_FUZZ_CHECK(doomed_ == 0);
  EBB_FUZZ_CHECK(!closing_ || all_.empty());
}

std::uint64_t pool_model::loaded() const noexcept {
  const std::uint64_t share = bounds_.max_idle / (2 * std::uint64_t{bounds_.shards});
  return std::clamp<std::uint64_t>(share, 1, bounds_.max_loaded);
}

// Idle objects count, and the room that shards have set aside; those of a magazine that is being destroyed
// until the last of them is.
bool pool_model::may_be_full() const noexcept {
  return bounds_.shared || bounds_.max_idle <= idle() + (ids + 1) * loaded();
}

void pool_model::check(const pool_stats& s) const {
  EBB_FUZZ_CHECK(idle() <= bounds_.max_idle);
  EBB_FUZZ_CHECK(s.idle == idle());
  EBB_FUZZ_CHECK(s.made == counted_.made);
  EBB_FUZZ_CHECK(s.missed == counted_.missed);
  EBB_FUZZ_CHECK(s.cycles == counted_.cycles);
  EBB_FUZZ_CHECK(s.reused_victim == counted_.reused_victim);
  EBB_FUZZ_CHECK(s.dropped_aged == counted_.dropped_aged);
  EBB_FUZZ_CHECK(s.dropped_over_max_idle == counted_.dropped_over_max_idle);
  EBB_FUZZ_CHECK(s.dropped_rejected == counted_.dropped_rejected);
  EBB_FUZZ_CHECK(s.dropped_no_memory == 0 && s.dropped_at_random == 0 && s.detached == 0);
  EBB_FUZZ_CHECK(s.reused_own + s.reused_depot + s.reused_stolen + s.reused_victim <= gets_);
  EBB_FUZZ_CHECK(s.put <= puts_ + s.dropped_rejected);
}

}  // namespace ebb::fuzz
