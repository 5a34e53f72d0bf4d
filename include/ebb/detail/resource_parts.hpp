// What a resource_core consists of: its clock, its limits, what is open, what is interchangeable, who
// waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <system_error>

#include <ebb/code_location.hpp>
#include <ebb/detail/config.hpp>
#include <ebb/detail/intrusive_list.hpp>
#include <ebb/detail/mutex.hpp>

namespace ebb {

/// Which of the idle resources is handed out next.
enum class idle_order : std::uint8_t {
  newest_first,  ///< the one that came back last: the others become idle for long, and the pool shrinks.
  oldest_first,  ///< the one that came back first: all are used alike, which balances replicas.
};

/// A lease that is held for longer than options.report_after.
struct leak_report {
  const std::string& pool;
  std::chrono::nanoseconds held;
  code_location acquired_at;
};

namespace detail {

// Where a core gets its time from; a test has its own.
class EBB_API resource_clock {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr time_point never = time_point::max();

  virtual ~resource_clock() = default;
  [[nodiscard]] virtual time_point now() noexcept;
  // The same, up to some milliseconds late and several times cheaper.
  [[nodiscard]] virtual time_point coarse_now() noexcept;
  virtual void wait_until(condition_variable& wakes, std::unique_lock<mutex>& lock, time_point until);
  [[nodiscard]] time_point after(std::chrono::nanoseconds wait) noexcept {
    const time_point start = now();
    return wait < never - start ? start + wait : never;
  }
  static resource_clock& real() noexcept;
};

using resource_time = resource_clock::time_point;

struct resource_limits {
  std::size_t capacity = 0;
  std::size_t capacity_per_key = std::numeric_limits<std::size_t>::max();
  std::size_t max_waiters = std::numeric_limits<std::size_t>::max();
  std::size_t max_opening = std::numeric_limits<std::size_t>::max();
  std::size_t keep_at_least = 0;
  idle_order order = idle_order::newest_first;
  std::chrono::nanoseconds check_after_idle{0};
  std::chrono::nanoseconds check_every{0};
  std::chrono::nanoseconds idle_timeout{0};
  std::chrono::nanoseconds max_lifetime{0};
  std::chrono::nanoseconds lifetime_jitter{0};
  std::chrono::nanoseconds retry_first{0};
  std::chrono::nanoseconds retry_most{0};
  std::chrono::nanoseconds report_after{0};
  bool checks = false;           // there is an options.check
  bool resets = false;           // there is an options.on_return
  bool opens_elsewhere = false;  // there is an options.make_async
  bool is_keyed = false;
  std::string name;
  const char* kind = "ebb::resource_pool";  // for messages
};

// A time that an option gives, which is in `l` afterwards. Throws std::invalid_argument if it is out of
// range: before it is made nanoseconds, of which there might be too many.
[[nodiscard]] EBB_API std::chrono::nanoseconds checked_time(const resource_limits& l, const char* option,
                                                            std::chrono::milliseconds value);

struct resource_group;

// Which setting a resource has, or is to get: the same object is the same setting. Null: none.
using setting_id = std::shared_ptr<const void>;

// One place that is taken by something open. Written under the core's mutex.
struct resource_entry {
  resource_entry* next = nullptr;  // in its group's list of idle ones, or among those that are leased
  resource_entry* previous = nullptr;
  void* resource = nullptr;
  resource_group* group = nullptr;
  setting_id setting;                             // its user's while it is in use
  std::uint64_t generation = 0;                   // the core's when its opening began
  std::uint64_t process = 0;                      // likewise: of another one it is not ours to close
  std::uint64_t came_back = 0;                    // the how manieth return: the order of idle ones
  resource_time dies_at = resource_clock::never;  // drawn once, with its jitter
  resource_time idle_since{};                     // stamped only if something asks
  resource_time checked_at{};                     // likewise
  resource_time taken_at{};                       // likewise
  code_location taken_by;
  bool is_reported = false;
  bool is_new = true;  // nobody has had it
};

// Resources that can stand in for each other: all of a resource_pool, or those for one key. Written under
// the core's mutex.
struct resource_group {
  resource_group* next = nullptr;
  resource_group* previous = nullptr;
  intrusive_list<resource_entry> idle;  // in the order in which they came back
  std::size_t open = 0;                 // idle, in use, being opened (or to be), being closed
  std::size_t opening = 0;
  std::size_t waiting = 0;  // in the queue
  std::size_t kept_by = 0;  // others that have a pointer to it
  // After a failure nothing is opened before this; retry_after is 0 when the last opening went well.
  resource_time retry_at{};
  std::chrono::nanoseconds retry_after{0};
};

// Somebody's acquire() on its way: a thread's is on its stack, a coroutine's in its operation. In the queue
// it is the core's; who grants it something takes it out first, so that it is granted one thing and once.
struct resource_waiter {
  // What is wanted.
  resource_group* group = nullptr;
  setting_id setting;
  bool waits = true;
  resource_time deadline = resource_clock::never;
  code_location where;

  // The core's.
  resource_waiter* next = nullptr;
  resource_waiter* previous = nullptr;
  std::uint64_t ticket = 0;   // in the order of arrival; 0: it has not come yet
  std::uint64_t process = 0;  // the core's when it came
  bool is_queued = false;
  bool is_in_advance = false;        // a thread is: it looks by itself
  bool has_asked = false;            // for an opening elsewhere
  bool has_turn = false;             // it need not stand behind anybody
  bool has_place = false;            // one is counted as `opening` for it
  unsigned passed_over = 0;          // how often somebody behind it got something
  resource_entry* entry = nullptr;   // it is in use, by this waiter
  resource_entry* evicts = nullptr;  // its place is to be this waiter's, as soon as it is closed
  std::error_code refused;
  std::exception_ptr failed;
  resource_time queued_at = resource_clock::never;
  std::chrono::nanoseconds waited{0};
  bool did_wait = false;

  resource_waiter() = default;
  resource_waiter(const resource_waiter&) = delete;
  resource_waiter& operator=(const resource_waiter&) = delete;
  // Under the mutex: it left the queue, or has to look at the time. It may be gone as soon as the mutex is
  // released.
  virtual void wake() noexcept = 0;

 protected:
  ~resource_waiter() = default;
};

}  // namespace detail

}  // namespace ebb
