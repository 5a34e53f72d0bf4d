// A resource_core that knows what it holds.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

#include <ebb/detail/resource_core.hpp>
#include <ebb/resource_options.hpp>

namespace ebb::detail {

template <class R>
class typed_resource_core : public resource_core {
 public:
  typed_resource_core(resource_pool_options<R> options, resource_clock& clock)
      : typed_resource_core(std::move(options), resource_limits{}, clock) {}

 protected:
  // `own` has what the options do not say.
  typed_resource_core(resource_pool_options<R> options, resource_limits own, resource_clock& clock)
      : resource_core(limits_of(options, std::move(own)), clock), options_(std::move(options)) {
    check_openers();
  }
  ~typed_resource_core() override = default;

  void* make(resource_group& /*group*/) override {
    if (options_.make) return checked(options_.make());
    if constexpr (std::default_initializable<R>) return checked(std::make_unique<R>());
    return checked(nullptr);
  }
  void start_make(std::shared_ptr<resource_opening> o) override {
    options_.make_async(opening<R>(std::move(o)));
  }
  [[nodiscard]] void* checked(std::unique_ptr<R> made) const {
    if (made == nullptr) throw std::logic_error(title() + ": options.make returned null");
    return made.release();
  }

 private:
  void check_openers() const {
    if (options_.make && options_.make_async) {
      throw std::invalid_argument(title() +
                                  ": options.make and options.make_async are given; valid is one");
    }
  }
  static resource_limits limits_of(const resource_pool_options<R>& o, resource_limits l) {
    l.name = o.name;  // for what is thrown below, too
    l.capacity = o.capacity;
    l.max_waiters = o.max_waiters;
    l.max_opening = o.max_opening;
    l.keep_at_least = o.keep_at_least;
    l.order = o.order;
    const auto time = [&l](const char* option, std::chrono::milliseconds value) {
      return checked_time(l, option, value);
    };
    l.check_after_idle = time("check_after_idle", o.check_after_idle);
    l.check_every = time("check_every", o.check_every);
    l.idle_timeout = time("idle_timeout", o.idle_timeout);
    l.max_lifetime = time("max_lifetime", o.max_lifetime);
    l.lifetime_jitter = time("lifetime_jitter", o.lifetime_jitter);
    l.retry_first = time("retry_first", o.retry_first);
    l.retry_most = time("retry_most", o.retry_most);
    l.report_after = time("report_after", o.report_after);
    l.checks = static_cast<bool>(o.check);
    l.resets = static_cast<bool>(o.on_return);
    l.opens_elsewhere = l.opens_elsewhere || o.make_async;
    return l;
  }

  bool check(void* resource) noexcept final { return holds(options_.check, resource); }
  bool reset(void* resource) noexcept final { return holds(options_.on_return, resource); }
  void apply(const void* setting, void* resource) final {
    static_cast<const resource_setting<R>*>(setting)->apply(*static_cast<R*>(resource));
  }
  void undo(const void* setting, void* resource) final {
    static_cast<const resource_setting<R>*>(setting)->undo(*static_cast<R*>(resource));
  }
  void destroy(void* resource, close_reason why) noexcept final {
    const std::unique_ptr<R> dying(static_cast<R*>(resource));
    if (options_.on_close) options_.on_close(*dying, why);
  }
  void report(const leak_report& leak) noexcept final {
    if (options_.on_leak) options_.on_leak(leak);
  }

  static bool holds(const std::function<bool(R&)>& test, void* resource) noexcept {
    try {
      return test(*static_cast<R*>(resource));
    } catch (...) {  // whatever state it is in, nobody gets to see it
      return false;
    }
  }

  const resource_pool_options<R> options_;
};

}  // namespace ebb::detail
