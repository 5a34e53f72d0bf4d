// A program that depends on ebbpool, compiled and run once for each way of depending on it. It uses what
// the public contract promises and nothing else.
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/runtime_info.hpp>
#include <ebb/stats.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

namespace {

struct message {
  std::string text;
};

// How most programs hold a pool. g++ 12 crashed on it while object_pool_options::name had {} for its
// default, unless what was included before had made it look at std::string.
struct server {
  ebb::object_pool<message> messages{{.make = [] { return std::make_unique<message>(message{"new"}); }}};
};

void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "consumer: does not hold: %s\n", what);
  std::exit(1);
}

}  // namespace

int main() {
  ebb::set_cycle_period(std::chrono::milliseconds{0});
  check(ebb::cycle_period() == std::chrono::milliseconds{0}, "the period is what was set");

  int made = 0;
  ebb::object_pool<message> messages{{
      .make =
          [&made] {
            ++made;
            return std::make_unique<message>();
          },
      .recycle =
          [](message& m) {
            m.text.clear();
            return true;
          },
      .max_idle = 64,
      .name = "messages",
  }};
  check(messages.name() == "messages", "the pool has its name");
  check(!messages.try_get(), "try_get() on an unused pool finds nothing");

  constexpr int rounds = 1000;
  for (int i = 0; i < rounds; ++i) {
    const ebb::pooled<message> m = messages.get();
    check(m->text.empty(), "recycle ran before the next user");
    m->text = "left behind";
  }
  check(made >= 1 && made < rounds, "objects are reused");
  check(messages.stats().made == static_cast<unsigned>(made), "stats count what make returned");

  std::unique_ptr<message> mine = messages.get().detach();
  check(mine != nullptr && messages.stats().detached == 1, "detach() hands the object over");
  messages.put(std::move(mine));
  check(messages.stats().idle > 0, "put() keeps the object");

  ebb::collect();
  ebb::collect();
  check(messages.stats().idle == 0, "two cycles destroy what is idle");
  check(!messages.try_get(), "nothing is left after two cycles");

  server s;
  check(s.messages.get()->text == "new", "a pool that is a member has its options");

  const bool rseq = ebb::runtime_info().path == ebb::access_path::rseq;
  std::printf("consumer: ok on the %s path\n", rseq ? "rseq" : "portable");
}
