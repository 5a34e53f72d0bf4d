// A resource_core with a group for each key.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include <ebb/detail/typed_resource_core.hpp>
#include <ebb/resource_options.hpp>

namespace ebb::detail {

// Lock order: keys_mutex_, then the core's.
template <class Key, class R, class Hash, class Equal>
class keyed_resource_core : public typed_resource_core<R> {
 public:
  keyed_resource_core(keyed_resource_pool_options<Key, R> options, resource_clock& clock)
      : typed_resource_core<R>(options.all, own_limits(options), clock),
        make_(std::move(options.make)),
        make_async_(std::move(options.make_async)) {
    if (static_cast<bool>(make_) == static_cast<bool>(make_async_)) {
      throw std::invalid_argument(this->title() + ": valid is one of options.make and options.make_async");
    }
  }

  // Calls use(group of that key); the group is there at least until it returns.
  template <class Use>
  auto with_group(const Key& key, Use use) {
    const std::lock_guard lock(keys_mutex_);
    auto found = groups_.find(key);
    if (found == groups_.end()) {
      if (groups_.size() >= sweep_at_) sweep();
      found = groups_.try_emplace(key).first;
      found->second.key = &found->first;
      this->add_group(found->second);
    }
    return use(found->second);
  }

  [[nodiscard]] std::size_t keys() const {
    const std::lock_guard lock(keys_mutex_);
    return groups_.size();
  }

  void before_fork() noexcept override {
    keys_mutex_.lock();
    resource_core::before_fork();
  }
  void after_fork_in_parent() noexcept override {
    resource_core::after_fork_in_parent();
    keys_mutex_.unlock();
  }
  void after_fork_in_child() noexcept override {
    resource_core::after_fork_in_child();
    keys_mutex_.unlock();
  }

 protected:
  ~keyed_resource_core() override = default;

 private:
  struct group : resource_group {
    const Key* key = nullptr;
  };

  static resource_limits own_limits(const keyed_resource_pool_options<Key, R>& o) {
    if (o.all.make || o.all.make_async || o.all.keep_at_least != 0) {
      throw std::invalid_argument(
          "ebb::keyed_resource_pool \"" + o.all.name +
          "\": options.all has make, make_async or keep_at_least; valid is none of them");
    }
    resource_limits l;
    l.kind = "ebb::keyed_resource_pool";
    l.is_keyed = true;
    l.capacity_per_key = o.capacity_per_key;
    l.opens_elsewhere = static_cast<bool>(o.make_async);
    return l;
  }

  void* make(resource_group& g) override { return this->checked(make_(*static_cast<group&>(g).key)); }
  void start_make(std::shared_ptr<resource_opening> o) override {
    const Key& key = *static_cast<group*>(o->entry->group)->key;
    make_async_(key, opening<R>(std::move(o)));
  }

  // Forgets the keys that nobody and nothing needs; the next time there are twice as many.
  void sweep() {
    for (auto i = groups_.begin(); i != groups_.end();) {
      i = this->remove_group(i->second) ? groups_.erase(i) : std::next(i);
    }
    sweep_at_ = std::max(least_sweep, 2 * groups_.size());
  }

  static constexpr std::size_t least_sweep = 64;
  const std::function<std::unique_ptr<R>(const Key&)> make_;
  const std::function<void(const Key&, opening<R>)> make_async_;
  mutable mutex keys_mutex_;
  std::unordered_map<Key, group, Hash, Equal> groups_;  // under keys_mutex_
  std::size_t sweep_at_ = least_sweep;                  // likewise
};

}  // namespace ebb::detail
