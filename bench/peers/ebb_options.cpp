// ebbpool with one option each. None of the bounds is ever reached, and nothing is dropped: what is
// measured is what it costs that they are there. What they are compared with is in this file, too: in one
// with fewer systems the compiler inlines more, and the same pool took a third less time in the case
// starvation.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <thread>

#include <ebb/pools.hpp>

#include "harness/object_peer.hpp"
#include "systems/ebb_pool.hpp"

namespace bench {

namespace {

using options = ebb::object_pool_options<payload>;

struct with_nothing_set {
  static constexpr bool compares_options = true;
};

struct with_max_idle {
  static constexpr bool compares_options = true;
  static void set(options& o) { o.max_idle = 1'000'000; }
};

struct with_bytes {
  static constexpr bool compares_options = true;
  static void set(options& o) {
    o.max_idle_bytes = std::size_t{1} << 30;
    o.bytes = [](const payload&) { return sizeof(payload); };
  }
};

struct with_on_evict {
  static constexpr bool compares_options = true;
  static void set(options& o) {
    o.on_evict = [](payload& p, ebb::eviction_reason) { keep(&p); };
  }
};

struct with_recycle {
  static constexpr bool compares_options = true;
  static void set(options& o) {
    o.recycle = [](payload& p) {
      keep(&p);
      return true;
    };
  }
};

template <class Kind>
class ebb_with : public ebb_pool<Kind> {
 public:
  static bool takes_part(std::string_view what) { return is_for_options(what); }
};

struct while_read {
  static constexpr bool compares_options = true;
};

// Another thread takes snapshots every millisecond while a slice runs, and sleeps in between. Waking it is
// part of the slice: about 0.2 % of it.
class ebb_while_read : public ebb_pool<while_read> {
 public:
  // Counting allows no other thread.
  static bool takes_part(std::string_view what) { return is_for_options(what) && what != "count"; }
  ~ebb_while_read() {
    reader_.request_stop();
    users_.fetch_add(1);
    users_.notify_one();
  }

  auto thread_scope() {
    struct scope {
      std::atomic<int>& users;
      explicit scope(std::atomic<int>& u) : users(u) {
        if (users.fetch_add(1) == 0) users.notify_one();
      }
      scope(const scope&) = delete;
      scope& operator=(const scope&) = delete;
      ~scope() { users.fetch_sub(1); }
    };
    return scope(users_);
  }

 private:
  void read(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      users_.wait(0);
      const auto all = ebb::all_pools();
      keep(all.data());
      const ebb::pool_stats mine = pool_.stats();
      keep(&mine);
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  }

  std::atomic<int> users_{0};
  std::jthread reader_{[this](const std::stop_token& stop) { read(stop); }};
};

const object_peer<ebb_with<with_nothing_set>> nothing_set{{.name = "ebb_nothing_set"}};
const object_peer<ebb_with<with_max_idle>> max_idle{{.name = "ebb_max_idle"}};
const object_peer<ebb_with<with_bytes>> bytes{{.name = "ebb_max_idle_bytes"}};
const object_peer<ebb_with<with_on_evict>> on_evict{{.name = "ebb_on_evict"}};
const object_peer<ebb_with<with_recycle>> recycle{{.name = "ebb_recycle"}};
const object_peer<ebb_while_read> stats_read{{.name = "ebb_stats_read"}};

}  // namespace

}  // namespace bench
