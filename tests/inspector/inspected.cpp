// A program with known pools and a load that its standard input controls, for the tests of the live page.
//
// Lines it understands:   load N      every 10 ms each worker takes and puts about N objects; 0: nothing
// moves
//                         clients N   N threads use bounded pools, which are made by the first of these
//                         lines hold N      keeps N connections of the first bounded pool many N      N
//                         further pools, each with as many idle objects as its number hostile     pools
//                         with names that would like to be more than names, of both kinds period N    a
//                         cycle every N ms; at first there are none pressure L  reports low, medium or high
//                         quit
// It answers each with "ok", and begins with the address of its page.   usage: inspected [--actions]
#include <atomic>
#include <chrono>
#include <cstring>
#include <iostream>
#include <list>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <ebb/inspector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/pressure.hpp>
#include <ebb/resource_pool.hpp>

namespace shop {

struct parser {
  char state[6000];
};
struct session {
  char state[900];
};
struct message {
  char text[300];
};
struct connection {
  int queries = 0;
};

}  // namespace shop

namespace {

using shop::connection;
using shop::message;
using shop::parser;
using shop::session;
using pool = ebb::object_pool<message>;
using std::chrono::milliseconds;

// It swells and ebbs within a minute, so that there is something to see: 5 .. 34.
int wave() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto phase = static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(now).count() % 60);
  return phase < 30 ? phase + 5 : 65 - phase;
}

// Threads that each do a round after the other, of a size that may be set.
class workers {
 public:
  template <class Round>
  workers(unsigned count, Round round) : rounds_(count) {
    for (unsigned i = 0; i < count; ++i) {
      threads_.emplace_back([this, i, round] {
        std::minstd_rand random(i + 1);
        while (!stop_.load(std::memory_order_relaxed)) {
          round(i, size_.load(std::memory_order_relaxed), random);
          rounds_[i].fetch_add(1, std::memory_order_relaxed);
        }
      });
    }
  }
  ~workers() {
    stop_.store(true, std::memory_order_relaxed);
    for (std::thread& t : threads_) t.join();
  }
  workers(const workers&) = delete;
  workers& operator=(const workers&) = delete;

  // When it returns, each has done a whole round of this size.
  void set(int size) {
    size_.store(size, std::memory_order_relaxed);
    for (std::atomic<int>& rounds : rounds_) {
      const int seen = rounds.load(std::memory_order_relaxed);
      while (rounds.load(std::memory_order_relaxed) < seen + 2) {
        std::this_thread::sleep_for(milliseconds(1));
      }
    }
  }

 private:
  std::atomic<int> size_{0};
  std::atomic<bool> stop_{false};
  std::vector<std::atomic<int>> rounds_;
  std::vector<std::thread> threads_;
};

class workload {
 public:
  void set(int size) { workers_.set(size); }

 private:
  void burst(std::size_t size, std::minstd_rand& random, std::vector<ebb::pooled<message>>& kept) {
    const std::size_t most = size * static_cast<std::size_t>(wave()) / 20;
    std::vector<ebb::pooled<parser>> p;
    std::vector<ebb::pooled<session>> s;
    std::vector<ebb::pooled_buffer> b;
    for (std::size_t i = 0; i < 1 + random() % (most + 1); ++i) p.push_back(parsers_.get());
    for (std::size_t i = 0; i < 1 + random() % (3 * most + 1); ++i) s.push_back(sessions_.get());
    for (std::size_t i = 0; i < 1 + random() % (2 * most + 1); ++i)
      b.push_back(buffers_.get(1 + random() % 16000));
    kept.clear();
    for (std::size_t i = 0; i < 4 * most; ++i) kept.push_back(messages_.get());
  }

  std::atomic<int> returned_{0};
  ebb::object_pool<parser> parsers_{{.max_idle = 400, .name = "parsers"}};
  ebb::object_pool<session> sessions_{
      {.recycle = [this](session&) { return returned_.fetch_add(1, std::memory_order_relaxed) % 97 != 96; },
       .name = "sessions"}};
  pool messages_{{.name = "messages"}};
  ebb::buffer_pool buffers_{{.min_bytes = 1024, .max_bytes = 16384, .name = "answers"}};
  std::vector<ebb::pooled<message>> kept_[2];  // from one round to the next
  workers workers_{2, [this](unsigned me, int size, std::minstd_rand& random) {
                     if (size > 0) burst(static_cast<std::size_t>(size), random, kept_[me]);
                     std::this_thread::sleep_for(milliseconds(10));
                   }};
};

// A bounded pool that has too few at the height of the wave, one that has plenty, one that nobody uses.
// Some openings fail, and some connections break.
class clients {
 public:
  void set(int size) { workers_.set(size); }
  void hold(int count) {
    held_.clear();
    for (int i = 0; i < count; ++i) held_.push_back(orders_.acquire());
  }

 private:
  static constexpr unsigned most = 16;

  std::unique_ptr<connection> connect() {
    std::this_thread::sleep_for(milliseconds(20));
    if (opened_.fetch_add(1) % 10 == 9) throw std::runtime_error("no route to the database");
    return std::make_unique<connection>();
  }

  void work(std::minstd_rand& random) {
    ebb::resource_pool<connection>& from = random() % 4 == 0 ? sessions_ : orders_;
    std::error_code refused;
    try {
      ebb::lease<connection> c = from.acquire_for(milliseconds(60), refused);
      if (refused) return;
      ++c->queries;
      std::this_thread::sleep_for(milliseconds(1 + random() % static_cast<unsigned>(wave())));
      if (random() % 3000 == 0) c.discard();
    } catch (const std::runtime_error&) {  // was not opened
    }
  }

  std::atomic<int> opened_{0};
  ebb::resource_pool<connection> orders_{
      {.make = [this] { return connect(); }, .capacity = 8, .name = "orders database"}};
  ebb::resource_pool<connection> sessions_{{.capacity = 12, .name = "session cache"}};
  ebb::resource_pool<connection> reports_{{.capacity = 4, .name = "reports"}};
  std::vector<ebb::lease<connection>> held_;
  workers workers_{most, [this](unsigned me, int size, std::minstd_rand& random) {
                     if (me < static_cast<unsigned>(size)) work(random);
                     std::this_thread::sleep_for(milliseconds(5));
                   }};
};

void add_pool(std::list<pool>& pools, std::string name, int objects) {
  pool& p = pools.emplace_back(pool::options{.name = std::move(name)});
  std::vector<std::unique_ptr<message>> made;
  for (int i = 0; i < objects; ++i) p.put(std::make_unique<message>());
}

void add_hostile(std::list<pool>& pools, std::list<ebb::resource_pool<connection>>& bounded) {
  add_pool(pools, "<img src=x onerror=\"window.pwned=1\">", 11);
  add_pool(pools, "</script><script>window.pwned=1</script>", 12);
  add_pool(pools, "\"'`{{7*7}}${window.pwned=1}&lt;&amp;", 13);
  add_pool(pools, "\xE2\x80\xAEtfel ot thgir\xE2\x80\xAC \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D", 14);
  add_pool(pools, std::string(10000, 'W'), 15);
  add_pool(pools, "not UTF-8: \xFF\xC0\xAF", 16);
  add_pool(pools, "", 17);
  for (const char* const name : {"<b onmouseover=\"window.pwned=1\">bounded</b>", "",
                                 "\xE2\x80\xAE"
                                 "dednuob"}) {
    bounded.emplace_back(ebb::resource_pool_options<connection>{.capacity = 3, .name = name});
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool actions = argc > 1 && std::strcmp(argv[1], "--actions") == 0;
  ebb::set_cycle_period(std::chrono::milliseconds(0));
  ebb::watch_pressure(false);
  std::list<pool> further;
  std::list<ebb::resource_pool<connection>> further_bounded;
  std::optional<clients> bounded;
  workload load;
  const ebb::inspector inspector{{.allow_actions = actions}};
  std::cout << inspector.url() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string word, level;
    int n = 0;
    words >> word;
    if (word == "quit") break;
    if (word == "load" && words >> n) load.set(n);
    if ((word == "clients" || word == "hold") && !bounded) bounded.emplace();
    if (word == "clients" && words >> n) bounded->set(n);
    if (word == "hold" && words >> n) bounded->hold(n);
    if (word == "many" && words >> n) {
      for (int i = 1; i <= n; ++i) add_pool(further, "pool " + std::to_string(i), i);
    }
    if (word == "hostile") add_hostile(further, further_bounded);
    if (word == "period" && words >> n) ebb::set_cycle_period(std::chrono::milliseconds(n));
    if (word == "pressure" && words >> level) {
      ebb::report_pressure(level == "high"     ? ebb::pressure_level::high
                           : level == "medium" ? ebb::pressure_level::medium
                                               : ebb::pressure_level::low);
    }
    std::cout << "ok" << std::endl;
  }
}
