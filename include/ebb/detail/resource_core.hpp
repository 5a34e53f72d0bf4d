// A bounded pool of resources without their type: who has which, who waits, who opens one.
//
// One mutex protects all of it. Nothing of the user's runs under it: options.make, check, on_return,
// settings, the destructors, on_leak.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <random>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>

#include <ebb/detail/config.hpp>
#include <ebb/detail/resource_parts.hpp>
#include <ebb/pool_errc.hpp>
#include <ebb/resource_stats.hpp>

namespace ebb::detail {

class resource_core;

// An opening that goes on elsewhere. Its place is counted until it is over.
struct resource_opening {
  resource_core* core = nullptr;
  std::unique_ptr<resource_entry> entry;
  std::uint64_t asked_by = 0;  // the ticket of the waiter who had it begun, or 0
  // Under the core's mutex.
  bool is_starting = true;  // options.make_async has not returned
  bool was_dropped = false;
};

class EBB_API resource_core {
 public:
  static constexpr std::size_t most_capacity = 1'000'000;
  // Throws std::invalid_argument for what is out of range.
  resource_core(const resource_limits& limits, resource_clock& clock);
  resource_core(const resource_core&) = delete;
  resource_core& operator=(const resource_core&) = delete;

  // A thread's acquire().
  struct request {
    resource_time deadline = resource_clock::never;
    std::chrono::nanoseconds longest =
        std::chrono::nanoseconds::max();  // from now on; the clock is not read for a hit
    bool waits = true;
    std::stop_token stop = {};
    code_location where = {};
  };
  // Null, and why; throws what make() throws.
  [[nodiscard]] resource_entry* acquire(resource_group& group, const setting_id& setting,
                                        const request& wanted, std::error_code& refused);
  // What can be had at once without looking at it, or null.
  [[nodiscard]] resource_entry* take_now(resource_group& group, const setting_id& setting,
                                         const code_location& where) noexcept;

  // The same in steps, for who does not block. `got`: w.entry is the caller's. `refused`: w.failed or
  // w.refused say why. `waits`: it is queued, and is to come again when it is woken, or at `look_at`.
  enum class step : std::uint8_t { got, refused, waits };
  [[nodiscard]] step advance(resource_waiter& w, resource_time& look_at) noexcept;
  // If it is still queued it is refused, and woken.
  void give_up(resource_waiter& w, pool_errc why) noexcept;
  // It will not come again: what it was granted goes to others.
  void drop(resource_waiter& w) noexcept;

  void give_back(resource_entry& e) noexcept;
  void discard(resource_entry& e) noexcept;
  // Its place is free; the resource is the caller's.
  [[nodiscard]] void* detach(resource_entry& e) noexcept;

  // An opening that went on elsewhere has ended: with a resource, with what it failed with, or without a
  // word.
  void end_opening(resource_opening& o, void* resource, const std::exception_ptr& failed) noexcept;
  void drop_opening(resource_opening& o) noexcept;

  void set_capacity(std::size_t capacity);
  void reset_all() noexcept;
  std::size_t prewarm(std::size_t count);
  // Returns whether all came back before `deadline`.
  bool close(resource_time deadline) noexcept;
  [[nodiscard]] resource_stats stats() const;
  [[nodiscard]] const std::string& name() const noexcept { return limits_.name; }
  // What messages begin with.
  [[nodiscard]] std::string title() const { return std::string(limits_.kind) + " \"" + limits_.name + '"'; }
  [[nodiscard]] resource_clock& clock() noexcept { return clock_; }

  // All of a pool without keys.
  [[nodiscard]] resource_group& only_group() noexcept { return only_group_; }
  void add_group(resource_group& g) noexcept;
  // False, and nothing done, while anybody or anything needs it.
  [[nodiscard]] bool remove_group(resource_group& g) noexcept;

  // What time brings: lifetimes, idle ones, checks of these, those that are to be there at least, leases
  // that are held for long.
  void look_after() noexcept;
  // How often that makes sense; zero if never.
  [[nodiscard]] std::chrono::nanoseconds care_period() const noexcept { return care_period_; }

  // A pool has been made of it: from now on it is listed, and looked after.
  void admit() noexcept;
  // The pool is gone: closes, and lives on until the last lease has come back.
  void abandon() noexcept;
  // Somebody else needs it, and a group of it, to live on, too.
  void keep(resource_group& g) noexcept;
  void unkeep(resource_group& g) noexcept;
  // Around fork(). The child has none of the threads that are inside, and must not close what the parent
  // uses.
  virtual void before_fork() noexcept { mutex_.lock(); }
  virtual void after_fork_in_parent() noexcept { mutex_.unlock(); }
  virtual void after_fork_in_child() noexcept;

  // For the list of all pools: what typeid() calls the pool.
  [[nodiscard]] virtual const char* pool_type() const noexcept = 0;

  // The registry's.
  std::uint64_t number = 0;  // among all pools of the process; written before it is listed
  resource_core* next = nullptr;
  resource_core* previous = nullptr;

 protected:
  virtual ~resource_core() = default;
  [[nodiscard]] virtual void* make(resource_group& group) = 0;
  virtual void start_make(std::shared_ptr<resource_opening> o) = 0;
  [[nodiscard]] virtual bool check(void* resource) noexcept = 0;
  [[nodiscard]] virtual bool reset(void* resource) noexcept = 0;
  virtual void apply(const void* setting, void* resource) = 0;
  virtual void undo(const void* setting, void* resource) = 0;
  virtual void destroy(void* resource, close_reason why) noexcept = 0;
  virtual void report(const leak_report& leak) noexcept = 0;

 private:
  class guard;
  class thread_waiter;

  // idle_count_ + in_use_ + opening_ + closing_
  [[nodiscard]] std::size_t open_now() const noexcept {
    return idle_count_ + in_use_ + opening_ + closing_;
  }
  // Without what is being closed: that still has its place, but is over already.
  [[nodiscard]] std::size_t staying() const noexcept { return idle_count_ + in_use_ + opening_; }
  [[nodiscard]] bool is_paused(const resource_group& g) const noexcept;
  [[nodiscard]] bool may_open(const resource_group& g) const noexcept;
  // But for what other keys have.
  [[nodiscard]] bool lacks_only_a_place(const resource_group& g) const noexcept;
  [[nodiscard]] bool would_evict(const resource_group& g) const noexcept {
    return lacks_only_a_place(g) && coldest(&g) != nullptr;
  }
  [[nodiscard]] resource_entry* coldest(const resource_group* but_of = nullptr) const noexcept;
  [[nodiscard]] bool is_stale(const resource_entry& e, close_reason& why) const noexcept;
  [[nodiscard]] bool wants_check(const resource_entry& e) const noexcept;
  [[nodiscard]] resource_entry* best_idle(const resource_waiter& w) const noexcept;
  void note_taken(resource_entry& e, const code_location& where) noexcept;
  void note_left(resource_entry& e) noexcept;

  // acquire.cpp. Those that are given a lock give it up meanwhile.
  [[nodiscard]] step go_on(resource_waiter& w, resource_time& look_at, guard& lock) noexcept;
  void take(resource_waiter& w, guard& lock) noexcept;
  void take_place(resource_group& g) noexcept;
  void free_place(resource_waiter& w, guard& lock) noexcept;
  [[nodiscard]] bool prepare(resource_waiter& w, guard& lock) noexcept;
  void wait(resource_waiter& w) noexcept;
  [[nodiscard]] step end(resource_waiter& w, step result) noexcept;
  void block(thread_waiter& w, const std::stop_token& stop, guard& lock) noexcept;

  // core.cpp
  bool retire(resource_entry& e, close_reason why, guard& lock, resource_waiter* heir = nullptr) noexcept;
  [[nodiscard]] bool close_counted(resource_entry& e, close_reason why, guard& lock) noexcept;
  void take_back(resource_entry& e, bool is_good) noexcept;
  void forget_foreign(resource_entry& e) noexcept;
  void come_back(resource_entry& e, guard& lock) noexcept;
  void hand_on(resource_entry& e) noexcept;
  void hand_to_heir(resource_entry& e) noexcept;
  void make_idle(resource_entry& e) noexcept;
  void make_idle_again(resource_entry& e) noexcept;
  void take_from_idle(resource_entry& e) noexcept;
  [[nodiscard]] bool open_spare(guard& lock, std::exception_ptr& failed) noexcept;
  // `down_to` is read each time: it may be a member that others change meanwhile.
  void close_idle(close_reason why, const std::size_t& down_to, guard& lock) noexcept;
  template <class Predicate>
  [[nodiscard]] resource_entry* find_idle(Predicate is_it) const noexcept;
  void leave(guard& lock) noexcept;
  [[nodiscard]] bool everything_is_back() const noexcept {
    return in_use_ + opening_ + closing_ + inside_ == 0;
  }

  // opening.cpp
  [[nodiscard]] resource_entry* open_here(resource_group& g, guard& lock,
                                          std::exception_ptr& failed) noexcept;
  void open_elsewhere(resource_group& g, std::uint64_t asked_by, guard& lock) noexcept;
  void finish(resource_opening& o, void* resource, const std::exception_ptr& failed, guard& lock) noexcept;
  void fail_opening(resource_group& g, std::uint64_t asked_by, const std::exception_ptr& failed) noexcept;
  void note_opened(resource_entry& e, void* resource) noexcept;
  void note_failure(resource_group& g) noexcept;

  // waiters.cpp
  void tell(std::uint64_t ticket, resource_group& g, const std::exception_ptr& failed) noexcept;
  void enqueue(resource_waiter& w) noexcept;
  void dequeue(resource_waiter& w) noexcept;
  void wake(resource_waiter& w) noexcept;
  void nudge(resource_group& g) noexcept;
  void serve() noexcept;
  void serve_those(bool who_have_asked) noexcept;
  [[nodiscard]] resource_time serve_and_look_again(const resource_group& g) noexcept;
  [[nodiscard]] resource_waiter* heir_of(const resource_entry& e) noexcept;
  void take_place_of(resource_entry& e, resource_waiter& w) noexcept;
  void refuse_all(pool_errc why) noexcept;
  [[nodiscard]] bool is_foreign(const resource_waiter& w) const noexcept {
    return w.ticket != 0 && w.process != process_;
  }
  void disown(resource_waiter& w) noexcept;

  // upkeep.cpp
  void expire_idle(resource_time now, guard& lock) noexcept;
  void check_idle(resource_time now, guard& lock) noexcept;
  void refill(guard& lock) noexcept;
  void report_leaks(resource_time now, guard& lock) noexcept;

  const resource_limits limits_;
  resource_clock& clock_;
  const std::chrono::nanoseconds care_period_;
  const bool is_keyed_;
  const bool stamps_returns_;  // somebody asks how long one has been idle
  mutable mutex mutex_;
  // All below: under mutex_.
  std::shared_ptr<condition_variable> to_notify_;  // by who has mutex_, as soon as it has not
  condition_variable changed_;                     // for close(): something came back
  resource_group only_group_;
  intrusive_list<resource_group> groups_;
  intrusive_list<resource_entry> leased_;  // of what is in use, what might be reported
  // While somebody waits none of its group is idle.
  intrusive_list<resource_waiter> waiters_;  // in the order of their tickets
  std::size_t capacity_;
  std::size_t idle_count_ = 0;
  std::size_t in_use_ = 0;
  std::size_t opening_ = 0;
  std::size_t closing_ = 0;
  std::size_t evicting_ = 0;  // of those: in whose place the waiter that closes it will open another
  std::size_t inside_ = 0;    // threads that gave up the mutex and will come back to it
  std::size_t kept_by_ = 0;   // others that have a pointer to this core
  std::uint64_t tickets_ = 0;
  std::uint64_t returns_ = 0;
  std::uint64_t generation_ = 0;
  std::uint64_t process_ = 0;  // raised in the child of a fork
  bool closed_ = false;
  bool abandoned_ = false;
  std::minstd_rand random_;
  resource_stats counts_;  // what only goes up
};

// Holds the mutex, and notifies a thread that was granted something only when it has released it. Notified
// before, that thread ran into the mutex and slept again: two changes of threads for one hand-over.
class resource_core::guard {
 public:
  explicit guard(resource_core& core) : core_(core), lock_(core.mutex_) {}
  guard(const guard&) = delete;
  guard& operator=(const guard&) = delete;
  ~guard() {
    if (owns_lock()) unlock();
  }

  [[nodiscard]] bool owns_lock() const noexcept { return lock_.owns_lock(); }
  void lock() { lock_.lock(); }
  void unlock() {
    if (core_.to_notify_ != nullptr) return unlock_and_notify();
    lock_.unlock();
  }
  void wait_until(condition_variable& wakes, resource_time until) {
    // While it waits nobody would.
    if (core_.to_notify_ != nullptr) std::exchange(core_.to_notify_, nullptr)->notify_one();
    core_.clock_.wait_until(wakes, lock_, until);
  }

 private:
  void unlock_and_notify();  // out of the way of hits

  resource_core& core_;
  std::unique_lock<mutex> lock_;
};

}  // namespace ebb::detail
