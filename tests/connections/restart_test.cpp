// A PostgreSQL whose sessions are ended by an administrator, and which is restarted without a goodbye,
// under a pool at work.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <connections/clients.hpp>
#include <connections/descriptor.hpp>
#include <connections/servers.hpp>
#include <ebb/resource_pool.hpp>
#include <support/eventually.hpp>

namespace {

using ebb::close_reason;
using ebb::lease;
using ebb::test::connection_error;
using ebb::test::eventually;
using ebb::test::postgres_connection;
using ebb::test::postgres_server;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

using postgres_pool = ebb::resource_pool<postgres_connection>;

constexpr int capacity = 6;  // and the server lets the role have no more

struct Restart : testing::Test {
  void SetUp() override {
    if (const std::string why = postgres_server::missing(); !why.empty()) {
      GTEST_SKIP() << "NOT TESTED: " << why;
    }
    server = std::make_unique<postgres_server>(capacity);
  }
  auto connect() {
    return [port = server->port()] { return std::make_unique<postgres_connection>(port, "caller"); };
  }
  std::unique_ptr<postgres_server> server;
};

// What callers see. The number of disturbances is odd while one is under way.
struct observations {
  std::atomic<int> disturbances{0};
  std::atomic<int> answers{0};
  std::atomic<int> errors_in_flight{0};
  std::atomic<int> errors_in_peace{0};   // none may be
  std::atomic<int> too_many{0};          // the server says that there are more than may be; none may be
  std::atomic<int> two_owners{0};        // none may be
  std::atomic<int> got_none_in_time{0};  // none may be
};

class callers {
 public:
  callers(postgres_pool& pool, int count, observations& seen) : pool_(pool), seen_(seen) {
    for (int i = 0; i < count; ++i) threads_.emplace_back([this, i] { work(i); });
  }
  ~callers() {
    done_ = true;
    for (std::thread& t : threads_) t.join();
  }
  callers(const callers&) = delete;
  callers& operator=(const callers&) = delete;

 private:
  void work(int me) {
    for (int asked = 1; !done_; ++asked) {
      const int before = seen_.disturbances;
      lease<postgres_connection> l;
      try {
        std::error_code why;
        l = pool_.acquire_for(20s, why);
        if (why) {
          ++seen_.got_none_in_time;
          continue;
        }
        use(*l, std::to_string(1000 * asked + me));
      } catch (const connection_error& e) {
        l.discard();
        const bool in_peace = before % 2 == 0 && seen_.disturbances == before;
        ++(in_peace ? seen_.errors_in_peace : seen_.errors_in_flight);
        if (std::string_view(e.what()).find("too many connections") != std::string_view::npos)
          ++seen_.too_many;
      }
    }
  }
  void use(postgres_connection& c, const std::string& question) {
    if (c.owners++ != 0) ++seen_.two_owners;
    if (c.query("select " + question) != question) ++seen_.two_owners;
    if (--c.owners != 0) ++seen_.two_owners;
    ++seen_.answers;
  }

  postgres_pool& pool_;
  observations& seen_;
  std::atomic<bool> done_{false};
  std::vector<std::thread> threads_;
};

TEST_F(Restart, callers_see_errors_only_of_what_was_in_flight_and_the_server_never_sees_more_than_may_be) {
  constexpr int disturbances = 20;
  const std::size_t descriptors = ebb::test::open_descriptors();
  const auto start = steady_clock::now();
  observations seen;
  int terminated = 0;
  int restarts = 0;
  int most_sessions = 0;
  {
    postgres_pool pool{{.make = connect(),
                        .capacity = capacity,
                        .check = [](postgres_connection& c) { return c.ping(); },
                        .name = "orders"}};
    std::optional<callers> all(std::in_place, pool, 10, seen);
    // Until there were a hundred answers more, while nothing disturbs.
    const auto peace = [&] {
      const int before = seen.answers;
      postgres_connection administrator(server->port(), "postgres");
      return eventually([&] {
        const int sessions = std::stoi(
            administrator.query("select count(*) from pg_stat_activity where usename = 'caller'"));
        most_sessions = std::max(most_sessions, sessions);
        EXPECT_LE(pool.stats().open(), static_cast<std::size_t>(capacity));
        return seen.answers >= before + 100;
      });
    };
    for (int i = 1; i <= disturbances && peace(); ++i) {
      ++seen.disturbances;
      if (i % 7 == 0) {
        server->restart();
        ++restarts;
      } else {
        terminated += server->terminate_all();
      }
      ++seen.disturbances;
    }
    EXPECT_TRUE(peace());
    all.reset();
    EXPECT_EQ(pool.stats().in_use, 0u);
    std::cout << seen.answers << " answers, " << seen.errors_in_flight << " errors of what was in flight, "
              << seen.errors_in_peace << " others\n"
              << disturbances - restarts << " times all sessions ended, " << terminated << " of them; "
              << restarts << " restarts; " << pool.stats().opened << " opened, at most " << most_sessions
              << " of " << capacity << " sessions at the server\n";
  }
  const std::size_t left = ebb::test::open_descriptors();
  std::cout << descriptors << " descriptors before, " << left << " after; "
            << std::chrono::duration<double>(steady_clock::now() - start).count() << " s\n";
  EXPECT_EQ(seen.disturbances, 2 * disturbances);
  EXPECT_EQ(seen.errors_in_peace, 0);
  EXPECT_EQ(seen.too_many, 0);
  EXPECT_EQ(seen.two_owners, 0);
  EXPECT_EQ(seen.got_none_in_time, 0);
  EXPECT_GE(terminated, disturbances - restarts);
  EXPECT_GT(seen.errors_in_flight, 0) << "nothing was in flight: nothing was tested";
  EXPECT_LE(most_sessions, capacity);
  EXPECT_EQ(left, descriptors);
}

// All that are handed out, given back at the end; how many of them answer.
int count_working(postgres_pool& pool) {
  std::vector<lease<postgres_connection>> all;
  while (auto l = pool.try_acquire()) all.push_back(std::move(l));
  EXPECT_EQ(all.size(), static_cast<std::size_t>(capacity));
  return static_cast<int>(std::count_if(all.begin(), all.end(), [](const auto& l) { return l->ping(); }));
}

TEST_F(Restart, with_a_check_nobody_gets_a_session_that_has_ended) {
  postgres_pool pool{
      {.make = connect(), .capacity = capacity, .check = [](postgres_connection& c) { return c.ping(); }}};
  pool.prewarm(capacity);
  ASSERT_EQ(server->terminate_all(), capacity);
  EXPECT_EQ(count_working(pool), capacity);
  EXPECT_EQ(pool.stats().closed[static_cast<std::size_t>(close_reason::broken)],
            static_cast<unsigned>(capacity));
  server->restart();
  EXPECT_EQ(count_working(pool), capacity);
}

// The control: the same without a check.
TEST_F(Restart, without_a_check_everybody_gets_one_until_the_pool_is_reset) {
  postgres_pool pool{{.make = connect(), .capacity = capacity}};
  pool.prewarm(capacity);
  ASSERT_EQ(server->terminate_all(), capacity);
  EXPECT_EQ(count_working(pool), 0);
  pool.reset();
  EXPECT_EQ(count_working(pool), capacity);
}

}  // namespace
