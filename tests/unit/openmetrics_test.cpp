#include <ebb/openmetrics.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <ebb/object_pool.hpp>
#include <ebb/resource_pool.hpp>

namespace {

using ebb::metrics_format;

constexpr metrics_format every_format[] = {metrics_format::portable, metrics_format::openmetrics,
                                           metrics_format::prometheus};

// Every number is another one, so that no two can be mixed up.
ebb::pool_info numbered(std::uint64_t id, std::string name) {
  ebb::pool_info p{.id = id, .name = std::move(name), .type = "ebb::object_pool<a>", .stats = {}};
  std::uint64_t next = id * 1000;
  for (const auto field :
       {&ebb::pool_stats::made, &ebb::pool_stats::reused_own, &ebb::pool_stats::reused_depot,
        &ebb::pool_stats::reused_stolen, &ebb::pool_stats::reused_victim, &ebb::pool_stats::missed,
        &ebb::pool_stats::put, &ebb::pool_stats::dropped_aged, &ebb::pool_stats::dropped_over_budget,
        &ebb::pool_stats::dropped_pressure, &ebb::pool_stats::dropped_drained,
        &ebb::pool_stats::dropped_rejected, &ebb::pool_stats::dropped_no_memory,
        &ebb::pool_stats::dropped_at_random, &ebb::pool_stats::idle, &ebb::pool_stats::idle_bytes,
        &ebb::pool_stats::idle_peak, &ebb::pool_stats::detached, &ebb::pool_stats::cycles}) {
    p.stats.*field = ++next;
  }
  p.stats.recent_reused = 3;
  p.stats.recent_missed = 1;
  p.stats.made = 10 * next;
  return p;
}

ebb::pool_info bounded(std::uint64_t id, std::string name) {
  ebb::pool_info p{.id = id, .name = std::move(name), .type = "ebb::resource_pool<a>", .stats = {}};
  ebb::resource_stats& s = p.bounded.emplace();
  std::uint64_t next = id * 1000;
  for (const auto level :
       {&ebb::resource_stats::capacity, &ebb::resource_stats::in_use, &ebb::resource_stats::idle,
        &ebb::resource_stats::opening, &ebb::resource_stats::closing, &ebb::resource_stats::waiters}) {
    s.*level = ++next;
  }
  for (const auto count :
       {&ebb::resource_stats::opened, &ebb::resource_stats::failed_to_open, &ebb::resource_stats::detached,
        &ebb::resource_stats::acquired, &ebb::resource_stats::timed_out, &ebb::resource_stats::cancelled,
        &ebb::resource_stats::refused, &ebb::resource_stats::settings_changed}) {
    s.*count = ++next;
  }
  for (std::uint64_t& closed : s.closed) closed = ++next;
  s.waits.counts[0] = 3;
  s.waits.counts[10] = 20;
  s.waits.counts[26] = 100;
  s.waits.counts[27] = 5;
  s.waited = std::chrono::milliseconds(12345);
  return p;
}

std::string text_of(const std::vector<ebb::pool_info>& pools,
                    metrics_format format = metrics_format::portable,
                    const ebb::runtime_information& process = {}) {
  std::ostringstream out;
  ebb::write_openmetrics(out, pools, process, format);
  return out.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool has_line(const std::string& text, const std::string& line) {
  const std::vector<std::string> lines = lines_of(text);
  return std::count(lines.begin(), lines.end(), line) == 1;
}

TEST(OpenMetrics, every_number_of_a_pool_is_there_once_under_its_name) {
  const ebb::pool_info p = numbered(7, "messages");
  const std::string text = text_of({p});
  const std::string labels = R"({pool="messages",type="ebb::object_pool<a>",id="7")";
  const std::map<std::string, std::uint64_t> expected = {
      {"ebb_pool_made_total" + labels + "}", p.stats.made},
      {"ebb_pool_missed_total" + labels + "}", 7006},
      {"ebb_pool_put_total" + labels + "}", 7007},
      {"ebb_pool_detached_total" + labels + "}", 7018},
      {"ebb_pool_cycles_total" + labels + "}", 7019},
      {"ebb_pool_idle_objects" + labels + "}", 7015},
      {"ebb_pool_idle_bytes" + labels + "}", 7016},
      {"ebb_pool_idle_peak_objects" + labels + "}", 7017},
      {"ebb_pool_reused_total" + labels + R"(,source="own"})", 7002},
      {"ebb_pool_reused_total" + labels + R"(,source="depot"})", 7003},
      {"ebb_pool_reused_total" + labels + R"(,source="stolen"})", 7004},
      {"ebb_pool_reused_total" + labels + R"(,source="victim"})", 7005},
      {"ebb_pool_dropped_total" + labels + R"(,reason="aged"})", 7008},
      {"ebb_pool_dropped_total" + labels + R"(,reason="over_budget"})", 7009},
      {"ebb_pool_dropped_total" + labels + R"(,reason="pressure"})", 7010},
      {"ebb_pool_dropped_total" + labels + R"(,reason="drained"})", 7011},
      {"ebb_pool_dropped_total" + labels + R"(,reason="rejected"})", 7012},
      {"ebb_pool_dropped_total" + labels + R"(,reason="no_memory"})", 7013},
      {"ebb_pool_dropped_total" + labels + R"(,reason="at_random"})", 7014},
      {"ebb_pool_in_use_objects" + labels + "}", p.stats.in_use()},
  };
  for (const auto& [name, value] : expected) {
    EXPECT_TRUE(has_line(text, name + " " + std::to_string(value))) << name << "\n" << text;
  }
  EXPECT_TRUE(has_line(text, "ebb_pool_hit_ratio" + labels + "} 0.75")) << text;
  const std::vector<std::string> lines = lines_of(text);
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](auto& l) { return l.starts_with("ebb_pool_"); }),
            21);
}

TEST(OpenMetrics, every_number_of_a_bounded_pool_is_there_once_under_its_name) {
  const std::string text = text_of({bounded(7, "orders")});
  const std::string labels = R"({pool="orders",type="ebb::resource_pool<a>",id="7")";
  const std::map<std::string, std::string> expected = {
      {"capacity" + labels + "}", "7001"},
      {"in_use" + labels + "}", "7002"},
      {"idle" + labels + "}", "7003"},
      {"opening" + labels + "}", "7004"},
      {"closing" + labels + "}", "7005"},
      {"waiters" + labels + "}", "7006"},
      {"opened_total" + labels + "}", "7007"},
      {"open_failures_total" + labels + "}", "7008"},
      {"detached_total" + labels + "}", "7009"},
      {"acquires_total" + labels + R"(,outcome="acquired"})", "7010"},
      {"acquires_total" + labels + R"(,outcome="timed_out"})", "7011"},
      {"acquires_total" + labels + R"(,outcome="cancelled"})", "7012"},
      {"acquires_total" + labels + R"(,outcome="refused"})", "7013"},
      {"closed_total" + labels + R"(,reason="broken"})", "7015"},
      {"closed_total" + labels + R"(,reason="idle"})", "7016"},
      {"closed_total" + labels + R"(,reason="lifetime"})", "7017"},
      {"closed_total" + labels + R"(,reason="reset"})", "7018"},
      {"closed_total" + labels + R"(,reason="surplus"})", "7019"},
      {"settings_changed_total" + labels + "}", "7014"},
      {"closed_total" + labels + R"(,reason="evicted"})", "7020"},
      {"closed_total" + labels + R"(,reason="closed"})", "7021"},
      {"wait_seconds_bucket" + labels + R"(,le="1e-06"})", "3"},
      {"wait_seconds_bucket" + labels + R"(,le="0.000512"})", "3"},
      {"wait_seconds_bucket" + labels + R"(,le="0.001024"})", "23"},
      {"wait_seconds_bucket" + labels + R"(,le="33.554432"})", "23"},
      {"wait_seconds_bucket" + labels + R"(,le="67.108864"})", "123"},
      {"wait_seconds_bucket" + labels + R"(,le="+Inf"})", "128"},
      {"wait_seconds_count" + labels + "}", "128"},
      {"wait_seconds_sum" + labels + "}", "12.345"},
  };
  for (const auto& [name, value] : expected) {
    EXPECT_TRUE(has_line(text, "ebb_resource_pool_" + name + " " + value)) << name << "\n" << text;
  }
  const auto count = [&](const char* begin) {
    const std::vector<std::string> lines = lines_of(text);
    return std::count_if(lines.begin(), lines.end(), [&](auto& l) { return l.starts_with(begin); });
  };
  EXPECT_EQ(count("ebb_resource_pool_"), 51);
  EXPECT_EQ(count("ebb_resource_pool_wait_seconds_bucket"), 28);
  EXPECT_EQ(count("ebb_pool_"), 0) << "it has none of the numbers of those that throw away";
  EXPECT_TRUE(has_line(text, "ebb_pools 0"));
  EXPECT_TRUE(has_line(text, "ebb_resource_pools 1"));
}

TEST(OpenMetrics, the_process_is_described) {
  ebb::runtime_information process;
  process.path = ebb::access_path::rseq;
  process.index = ebb::shard_index::cpu_id;
  process.reason = "because \"so\"";
  process.shards = 12;
  process.cycles = 34;
  process.cycles_abandoned = 5;
  process.collector_running = true;
  process.pressure = ebb::pressure_level::high;
  process.pressure_source = "psi";
  const std::string text = text_of({numbered(1, "a"), numbered(2, "b")}, metrics_format::portable, process);
  for (const std::string line :
       {R"(ebb_runtime_info{path="rseq",index="cpu_id",reason="because \"so\"",pressure_source="psi"} 1)",
        "ebb_pools 2", "ebb_shards 12", "ebb_collector_running 1", "ebb_pressure_level 2",
        "ebb_cycles_total 34", "ebb_cycles_abandoned_total 5"}) {
    EXPECT_TRUE(has_line(text, line)) << line << "\n" << text;
  }
}

TEST(OpenMetrics, what_is_special_in_a_label_is_escaped) {
  struct {
    std::string name, written;
  } const rows[] = {
      {R"(a\b)", R"(a\\b)"},
      {R"(say "hi")", R"(say \"hi\")"},
      {"two\nlines", R"(two\nlines)"},
      {R"("} 1)", R"(\"} 1)"},
      {"Gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\x8A", "Gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\x8A"},
      {"bad \xFF end", "bad \xEF\xBF\xBD end"},
      {"cut \xE2\x82", "cut \xEF\xBF\xBD\xEF\xBF\xBD"},
      {"overlong \xC0\xAF", "overlong \xEF\xBF\xBD\xEF\xBF\xBD"},
      {"surrogate \xED\xA0\x80", "surrogate \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"beyond \xF4\x90\x80\x80", "beyond \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
      {"", ""},
      {std::string(200, 'x'), std::string(200, 'x')},
      {std::string(201, 'x'), std::string(200, 'x') + "\xE2\x80\xA6"},
      {std::string(199, 'x') + "\xC3\xBC", std::string(199, 'x') + "\xE2\x80\xA6"},
  };
  for (const auto& [name, written] : rows) {
    const std::string line =
        "ebb_pool_idle_objects{pool=\"" + written + R"(",type="ebb::object_pool<a>",id="3"} 3015)";
    EXPECT_TRUE(has_line(text_of({numbered(3, name)}), line)) << line;
  }
}

TEST(OpenMetrics, samples_of_a_family_follow_each_other_after_its_description) {
  for (const metrics_format format : every_format) {
    const std::vector<std::string> lines =
        lines_of(text_of({numbered(1, "a"), bounded(2, "b"), numbered(3, ""), bounded(4, "")}, format));
    std::set<std::string> described;
    std::string current;
    bool has_samples = false;
    for (const std::string& line : lines) {
      if (line == "# EOF") continue;
      if (line.starts_with("# ")) {
        const std::string name = line.substr(7, line.find(' ', 7) - 7);
        if (name == current && !has_samples) continue;
        has_samples = false;
        EXPECT_TRUE(described.insert(name).second) << name << " is described twice";
        current = name;
        continue;
      }
      has_samples = true;
      const std::string sample = line.substr(0, line.find_first_of("{ "));
      const std::string suffix = sample.starts_with(current) ? sample.substr(current.size()) : "another";
      const bool is_right = current == "ebb_resource_pool_wait_seconds"
                                ? suffix == "_bucket" || suffix == "_count" || suffix == "_sum"
                                : suffix.empty() || suffix == "_total";
      EXPECT_TRUE(is_right) << line << " after " << current;
    }
    EXPECT_EQ(lines.back() == "# EOF", format != metrics_format::prometheus);
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "# EOF"),
              format == metrics_format::prometheus ? 0 : 1);
  }
}

TEST(OpenMetrics, a_counter_is_declared_by_the_name_its_format_gives_the_family) {
  EXPECT_TRUE(has_line(text_of({}, metrics_format::openmetrics), "# TYPE ebb_cycles counter"));
  EXPECT_TRUE(has_line(text_of({}, metrics_format::prometheus), "# TYPE ebb_cycles_total counter"));
  EXPECT_EQ(text_of({}).find(" counter\n"), std::string::npos);
  EXPECT_TRUE(has_line(text_of({}), "# UNIT ebb_pool_idle_bytes bytes"));
  EXPECT_TRUE(has_line(text_of({}), "# TYPE ebb_pool_idle_bytes gauge"));
  EXPECT_TRUE(has_line(text_of({}), "# TYPE ebb_resource_pool_wait_seconds histogram"));
  EXPECT_TRUE(has_line(text_of({}), "# UNIT ebb_resource_pool_wait_seconds seconds"));
}

TEST(OpenMetrics, ten_thousand_pools_are_written_each_line_once) {
  std::vector<ebb::pool_info> pools;
  for (std::uint64_t id = 1; id <= 10000; ++id) pools.push_back(numbered(id, "same name"));
  const std::vector<std::string> lines = lines_of(text_of(pools));
  const std::set<std::string> different(lines.begin(), lines.end());
  EXPECT_EQ(different.size(), lines.size());
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](auto& l) { return l.starts_with("ebb_pool_"); }),
            210000);
}

TEST(OpenMetrics, without_arguments_it_is_about_all_pools) {
  ebb::object_pool<int> pool{{.name = "openmetrics_test's own"}};
  pool.put(std::make_unique<int>(1));
  const ebb::resource_pool<int> connections{{.capacity = 12, .name = "bounded"}};
  std::ostringstream out;
  ebb::write_openmetrics(out);
  EXPECT_NE(out.str().find("ebb_pool_idle_objects{pool=\"openmetrics_test's own\",type=\""),
            std::string::npos);
  EXPECT_NE(out.str().find(R"(capacity{pool="bounded",type="ebb::resource_pool<int>",id=")"),
            std::string::npos);
  EXPECT_NE(out.str().find("\nebb_pools 1\n"), std::string::npos);
  EXPECT_NE(out.str().find("\nebb_resource_pools 1\n"), std::string::npos);
}

TEST(OpenMetrics, a_stream_that_fails_is_left_failed) {
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  ebb::write_openmetrics(out);
  EXPECT_TRUE(out.bad());
  EXPECT_EQ(out.str(), "");
}

const char* const hostile_names[] = {
    "plain", "",         R"-(<img src=x onerror="alert(1)">)-", R"(back\slash)", "new\nline\r\ttab",
    "# EOF", "\xFF\xFE", "\xE2\x80\xAE right to left"};

std::vector<ebb::pool_info> hostile_pools() {
  std::vector<ebb::pool_info> pools;
  for (const char* const name : hostile_names) pools.push_back(numbered(pools.size() + 1, name));
  pools.push_back(numbered(99, std::string(10000, '\\')));
  for (const char* const name : hostile_names) pools.push_back(bounded(pools.size() + 1, name));
  return pools;
}

// Runs `command < file with text`; its exit status, and what it printed.
std::pair<int, std::string> run_on(const std::string& command, const std::string& text) {
  const std::string path = testing::TempDir() + "openmetrics_test." + std::to_string(std::rand()) + ".txt";
  std::ofstream(path, std::ios::binary) << text;
  std::string printed;
  std::FILE* const pipe = ::popen((command + " <" + path + " 2>&1").c_str(), "r");
  for (int c; (c = std::fgetc(pipe)) != EOF;) printed += static_cast<char>(c);
  const int status = ::pclose(pipe);
  std::remove(path.c_str());
  return {status, printed};
}

TEST(OpenMetrics, promtool_finds_nothing) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "SKIPPED: promtool is missing; Debian: apt-get install prometheus";
  }
  for (const metrics_format format : {metrics_format::portable, metrics_format::prometheus}) {
    const auto [status, printed] = run_on("promtool check metrics", text_of(hostile_pools(), format));
    EXPECT_EQ(status, 0) << printed;
    EXPECT_EQ(printed, "");
  }
  const auto [status, printed] = run_on("promtool check metrics", "# TYPE a counter\na 1\n");
  EXPECT_NE(status, 0) << "it checks";
}

TEST(OpenMetrics, a_strict_reader_of_openmetrics_finds_every_pool) {
  const std::string python = "/usr/bin/python3";  // Debian's, whatever else is in PATH
  if (std::system((python + " -c 'import prometheus_client' 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << "SKIPPED: no reader; Debian: apt-get install python3-prometheus-client";
  }
  const std::string read =
      python +
      " -c '\n"
      "import sys\n"
      "from prometheus_client.openmetrics.parser import *\n"
      "text = sys.stdin.buffer.read().decode()\n"
      "for f in text_string_to_metric_families(text):\n"
      "  if f.name in (\"ebb_pool_idle_objects\", \"ebb_pool_made\", \"ebb_resource_pool_idle\"):\n"
      "    print(f.name, f.type, [s.labels[\"pool\"] == \"# EOF\" for s in f.samples])\n"
      "  if f.name == \"ebb_resource_pool_wait_seconds\":\n"
      "    print(f.type, f.unit, sum(s.value for s in f.samples if s.name.endswith(\"_count\")))\n"
      "'";
  const std::string flags = "[False, False, False, False, False, True, False, False, False]\n";
  const std::string bounded =
      "ebb_resource_pool_idle gauge [False, False, False, False, False, True, False, False]\n"
      "histogram seconds 1024\n";
  {
    const auto [status, printed] = run_on(read, text_of(hostile_pools(), metrics_format::openmetrics));
    EXPECT_EQ(status, 0) << printed;
    EXPECT_EQ(printed, "ebb_pool_made counter " + flags + "ebb_pool_idle_objects gauge " + flags + bounded);
  }
  const auto [status, printed] = run_on(read, text_of(hostile_pools()));
  EXPECT_EQ(status, 0) << printed;
  EXPECT_EQ(printed, "ebb_pool_idle_objects gauge " + flags + bounded);
  EXPECT_NE(run_on(read, "# TYPE a_total counter\na_total 1\n# EOF\n").first, 0) << "it is strict";
}

}  // namespace
