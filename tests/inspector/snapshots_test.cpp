// The shared snapshot and the history, by a clock that the test moves.
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "fake_source.hpp"

#include <inspector/json.hpp>

namespace {

using ebb::detail::history;
using ebb::detail::shared_text;
using ebb::detail::snapshots;
using ebb::test::fake_world;

TEST(InspectorSnapshots, all_who_ask_within_250_ms_share_one_reading_and_one_text) {
  fake_world w;
  w.add(3);
  snapshots s(w.source(), false);
  EXPECT_EQ(w.reads, 0) << "nobody has asked";
  const shared_text first = s.pools_json(0);
  const shared_text metrics = s.metrics(false);
  for (int n = 0; n < 1000; ++n) {
    EXPECT_EQ(s.pools_json(0), first);
    EXPECT_EQ(s.metrics(false), metrics);
  }
  EXPECT_EQ(w.reads, 1);
  w.ms += 249;
  EXPECT_EQ(s.pools_json(0), first);
  w.ms += 1;
  EXPECT_NE(s.pools_json(0), first);
  EXPECT_NE(s.metrics(false), metrics);
  EXPECT_EQ(w.reads, 2);
}

TEST(InspectorSnapshots, after_an_action_the_numbers_are_read_anew) {
  fake_world w;
  snapshots s(w.source(), true);
  (void)s.pools_json(0);
  s.collect();
  (void)s.pools_json(0);
  EXPECT_EQ(w.reads, 2);
  EXPECT_EQ(s.drain(), 77u);
  (void)s.pools_json(0);
  EXPECT_EQ(w.reads, 3);
  EXPECT_EQ(s.drain_pool(9), 5u);
  (void)s.pools_json(0);
  EXPECT_EQ(w.reads, 4);
}

TEST(InspectorSnapshots, it_is_watched_for_ten_seconds_after_the_page_asked_and_not_because_of_metrics) {
  fake_world w;
  snapshots s(w.source(), false);
  EXPECT_FALSE(s.is_watched());
  (void)s.metrics(true);
  EXPECT_FALSE(s.is_watched());
  (void)s.pools_json(0);
  EXPECT_TRUE(s.is_watched());
  w.ms += 9999;
  EXPECT_TRUE(s.is_watched());
  w.ms += 1;
  EXPECT_FALSE(s.is_watched());
}

std::string column(const std::string& json, const std::string& name) {
  const std::size_t at = json.find("\"" + name + "\":[");
  return at == std::string::npos ? "missing" : json.substr(at, json.find(']', at) + 1 - at);
}

TEST(InspectorSnapshots, who_has_seen_samples_gets_those_that_came_later) {
  fake_world w;
  w.add(1);
  snapshots s(w.source(), false);
  const auto second = [&](std::uint64_t missed, std::uint64_t cycles) {
    w.ms += 1000;
    w.pools[0].stats.missed += missed;
    w.process.cycles += cycles;
    s.take_sample();
  };
  (void)s.pools_json(0);
  second(5, 0);
  second(7, 2);
  second(0, 0);
  const std::string all = *s.pools_json(0);
  EXPECT_EQ(column(all, "missed"), "\"missed\":[0,5,7,0]");
  EXPECT_EQ(column(all, "cycles"), "\"cycles\":[0,0,2,0]");
  EXPECT_EQ(column(all, "unix_ms"), "\"unix_ms\":[1000000,1001000,1002000,1003000]");
  EXPECT_EQ(column(*s.pools_json(2), "missed"), "\"missed\":[7,0]");
  EXPECT_EQ(column(*s.pools_json(4), "missed"), "\"missed\":[]");
  EXPECT_EQ(s.pools_json(5), s.pools_json(0)) << "there is no fifth yet: that client knew another program";
  EXPECT_EQ(s.pools_json(std::numeric_limits<std::uint64_t>::max()), s.pools_json(0));
}

TEST(InspectorSnapshots, every_number_of_a_bounded_pool_has_its_name_and_none_of_the_others) {
  fake_world w;
  w.pools.push_back(ebb::test::bounded_pool(7, "orders"));
  ebb::resource_stats& s = *w.pools[0].bounded;
  s.capacity = 101, s.in_use = 102, s.idle = 103, s.opening = 104, s.closing = 105, s.waiters = 106;
  s.opened = 107, s.failed_to_open = 108, s.detached = 109;
  for (std::size_t i = 0; i < s.closed.size(); ++i) s.closed[i] = 110 + i;
  s.settings_changed = 130, s.acquired = 117, s.acquired_after_waiting = 124, s.timed_out = 118,
  s.cancelled = 119, s.refused = 120;
  s.waited = std::chrono::microseconds(121);
  s.waits.counts[0] = 122, s.waits.counts[3] = 123;
  const std::string json = *snapshots(w.source(), false).pools_json(0);
  EXPECT_NE(
      json.find(
          R"({"id":7,"name":"orders","type":"ebb::resource_pool\u003ct>","bounded":{"capacity":101,)"
          R"("in_use":102,"idle":103,"opening":104,"closing":105,"waiters":106,"acquired":117,)"
          R"("acquired_after_waiting":124,"timed_out":118,"cancelled":119,"refused":120,"opened":107,)"
          R"("failed_to_open":108,"detached":109,"settings_changed":130,"closed_broken":110,"closed_idle":111,)"
          R"("closed_lifetime":112,"closed_reset":113,"closed_surplus":114,"closed_evicted":115,"closed_closed":116,)"
          R"("waited_us":121,"waits":[122,0,0,123]},"history":{)"),
      std::string::npos)
      << json;
  EXPECT_NE(json.find(R"("totals":{"pools":1,"bounded":1,"made":0,)"), std::string::npos) << json;
}

TEST(InspectorSnapshots, samples_of_a_bounded_pool_are_what_is_there_and_what_each_second_added) {
  fake_world w;
  w.add(1);
  w.pools.push_back(ebb::test::bounded_pool(7, "orders"));
  ebb::resource_stats& s = *w.pools[1].bounded;
  s.acquired = 1000;
  s.waits.counts[5] = 9;
  snapshots all(w.source(), false);
  (void)all.pools_json(0);
  const auto second = [&](std::size_t in_use, std::uint64_t acquired, std::uint64_t waited) {
    w.ms += 1000;
    s.in_use = in_use;
    s.acquired += acquired;
    s.closed[0] += 1;
    s.waits.counts[2] += waited;
    all.take_sample();
  };
  second(3, 10, 0);
  second(4, 20, 6);
  second(std::size_t{1} << 40U, std::uint64_t{1} << 50U, 0);
  const std::string json = *all.pools_json(0);
  const std::string own = json.substr(json.find("orders"));
  const std::string own_history = own.substr(own.find("\"history\""));
  EXPECT_EQ(column(own_history, "in_use"), "\"in_use\":[0,3,4,4294967295]");
  EXPECT_EQ(column(own_history, "acquired"), "\"acquired\":[0,10,20,4294967295]");
  EXPECT_EQ(column(own_history, "closed_broken"), "\"closed_broken\":[0,1,1,1]");
  EXPECT_NE(own_history.find("\"waits\":[[],[],[0,0,6],[]]"), std::string::npos) << own_history;
  const std::string later = *all.pools_json(3);
  EXPECT_NE(later.find("\"waits\":[[]]"), std::string::npos) << later;
}

TEST(InspectorHistory, of_a_bounded_pool_is_as_long_and_has_its_place_among_the_others) {
  history past;
  fake_world w;
  w.add(511);
  w.pools.push_back(ebb::test::bounded_pool(1000, "the last that has a place"));
  w.pools.push_back(ebb::test::bounded_pool(1001, "one too many"));
  for (std::int64_t n = 1; n <= 400; ++n) past.add(w.pools, w.process, 1, n);
  EXPECT_EQ(past.pools(), 512u);
  ASSERT_NE(past.find(1000), nullptr);
  EXPECT_EQ(past.find(1000)->bounded_samples.size(), 300u);
  EXPECT_TRUE(past.find(1000)->samples.empty());
  EXPECT_EQ(past.find(1001), nullptr);
  EXPECT_TRUE(past.find(1)->bounded_samples.empty());
}

TEST(InspectorHistory, keeps_300_samples) {
  history past;
  fake_world w;
  w.add(1);
  for (std::int64_t n = 1; n <= 1000; ++n) {
    w.pools[0].stats.made += 1;
    w.pools[0].stats.missed += 1;
    past.add(w.pools, w.process, 1, n);
  }
  EXPECT_EQ(past.newest(), 1000u);
  ASSERT_EQ(past.process().size(), 300u);
  EXPECT_EQ(past.process().front().unix_ms, 701);
  ASSERT_EQ(past.find(1)->samples.size(), 300u);
  EXPECT_EQ(past.find(1)->samples.front().rates[4], 1u) << "what was missed in that second";
}

TEST(InspectorHistory, is_kept_for_512_pools_and_a_new_one_gets_the_place_of_one_that_died) {
  history past;
  fake_world w;
  w.add(10000);
  past.add(w.pools, w.process, 1, 1);
  past.add(w.pools, w.process, 1, 2);
  EXPECT_EQ(past.pools(), 512u);
  EXPECT_NE(past.find(512), nullptr);
  EXPECT_EQ(past.find(513), nullptr);
  w.pools.erase(w.pools.begin() + 99);  // number 100
  past.add(w.pools, w.process, 1, 3);
  EXPECT_EQ(past.pools(), 512u);
  EXPECT_EQ(past.find(100), nullptr);
  ASSERT_NE(past.find(513), nullptr);
  EXPECT_EQ(past.find(513)->samples.size(), 1u);
  EXPECT_EQ(past.find(101)->samples.size(), 3u);
}

TEST(InspectorHistory, sums_hold_all_pools_and_do_not_fall_below_zero_when_one_dies) {
  history past;
  fake_world w;
  w.add(1000);
  for (auto& p : w.pools) p.stats.idle = 2, p.stats.idle_bytes = 20, p.stats.dropped_aged = 100;
  past.add(w.pools, w.process, 1, 1);
  EXPECT_EQ(past.process().back().all.idle, 2000u);
  EXPECT_EQ(past.process().back().all.idle_bytes, 20000u);
  EXPECT_EQ(past.process().back().all.rates[5], 0u) << "what was before is of no second";
  EXPECT_EQ(past.find(1)->samples.back().rates[5], 0u) << "nor for the pool alone";
  w.pools.pop_back();
  past.add(w.pools, w.process, 1, 2);
  EXPECT_EQ(past.process().back().all.rates[5], 0u);
  w.pools[0].stats.dropped_aged += std::uint64_t{1} << 40U;
  past.add(w.pools, w.process, 1, 3);
  EXPECT_EQ(past.process().back().all.rates[5], std::numeric_limits<std::uint32_t>::max());
}

TEST(InspectorJson, text_is_escaped_and_always_utf_8) {
  struct {
    std::string text, written;
  } const rows[] = {
      {"plain", R"("plain")"},
      {R"(a"b\c)", R"("a\"b\\c")"},
      {std::string("\n\r\t\0\x1f\x7f", 6), R"("\u000a\u000d\u0009\u0000\u001f\u007f")"},
      {"</script>", R"("\u003c/script>")"},
      {"\xF0\x9F\x8C\x8A", "\"\xF0\x9F\x8C\x8A\""},
      {"\xFF\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"", "\"\""},
  };
  for (const auto& row : rows) {
    ebb::detail::json_writer to;
    to.value(row.text);
    EXPECT_EQ(std::move(to).take(), row.written);
  }
}

TEST(InspectorJson, commas_are_where_they_belong) {
  ebb::detail::json_writer to;
  to.begin_object()
      .member("a", 1)
      .member("b", true)
      .key("c")
      .begin_array()
      .end_array()
      .key("d")
      .begin_array();
  to.value(1).value("x").begin_object().end_object().value(0.5).end_array().end_object();
  EXPECT_EQ(std::move(to).take(), R"({"a":1,"b":true,"c":[],"d":[1,"x",{},0.5]})");
}

}  // namespace
