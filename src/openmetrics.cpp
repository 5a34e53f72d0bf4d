#include <ebb/openmetrics.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <ebb/eviction.hpp>
#include <ebb/resource_stats.hpp>

#include "utf8.hpp"

namespace ebb {

namespace {

constexpr std::size_t longest_label = 200;

// Backslash, quote and newline are all that the format escapes.
void append_label_value(std::string& out, std::string_view value) {
  std::size_t taken = 0;
  while (taken < value.size()) {
    const std::size_t length = detail::utf8_sequence(value.substr(taken));
    if (taken + (length == 0 ? 1 : length) > longest_label) {
      out += "\xE2\x80\xA6";  // an ellipsis
      return;
    }
    switch (value[taken]) {
      case '\\': out += "\\\\"; break;
      case '"': out += "\\\""; break;
      case '\n': out += "\\n"; break;
      default: out += length == 0 ? detail::replacement_character : value.substr(taken, length);
    }
    taken += length == 0 ? 1 : length;
  }
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out.append(name).append("=\"");
  append_label_value(out, value);
  out += '"';
}

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

enum class kind : std::uint8_t { counter, gauge, histogram };

constexpr std::string_view to_string(kind type) noexcept {
  switch (type) {
    case kind::counter: return "counter";
    case kind::gauge: return "gauge";
    case kind::histogram: break;
  }
  return "histogram";
}

// Collects one family at a time, because all samples of a family have to follow each other, and hands it on
// when it is long enough: 10,000 pools make 21 MB.
class exposition {
 public:
  exposition(std::ostream& out, metrics_format format) : out_(out), format_(format) {}

  void family(kind type, std::string_view name, std::string_view help, std::string_view unit = {}) {
    suffix_ = type == kind::counter ? "_total" : "";
    name_ = name;
    std::string described(name);
    if (format_ != metrics_format::openmetrics) described += suffix_;
    text_.append("# HELP ").append(described).append(" ").append(help).append("\n");
    if (type != kind::counter || format_ != metrics_format::portable) {
      text_.append("# TYPE ").append(described).append(" ").append(to_string(type)).append("\n");
    }
    if (!unit.empty() && format_ != metrics_format::prometheus) {
      text_.append("# UNIT ").append(described).append(" ").append(unit).append("\n");
    }
  }

  template <class Number>
  void sample(std::string_view labels, Number value, std::string_view more_labels = {}) {
    write(suffix_, labels, value, more_labels);
  }

  // Of a family that is a histogram: by the upper ends of its buckets, of which the last has none.
  void samples(std::string_view labels, const wait_histogram& waits, std::chrono::nanoseconds sum) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < wait_histogram::buckets; ++i) {
      below += waits.counts[i];
      std::string le = R"(le="+Inf")";
      if (i + 1 < wait_histogram::buckets) {
        le = "le=\"";
        append_number(le, std::ldexp(1e-6, static_cast<int>(i)));
        le += '"';
      }
      write("_bucket", labels, below, le);
    }
    write("_count", labels, below, {});
    write("_sum", labels, std::chrono::duration<double>(sum).count(), {});
  }

  void finish() {
    if (format_ != metrics_format::prometheus) text_ += "# EOF\n";
    flush();
  }

 private:
  template <class Number>
  void write(std::string_view suffix, std::string_view labels, Number value, std::string_view more_labels) {
    text_.append(name_).append(suffix);
    if (!labels.empty() || !more_labels.empty()) {
      text_.append("{").append(labels);
      if (!labels.empty() && !more_labels.empty()) text_ += ',';
      text_.append(more_labels).append("}");
    }
    text_ += ' ';
    append_number(text_, value);
    text_ += '\n';
    if (text_.size() >= std::size_t{1} << 16U) flush();
  }

  void flush() {
    out_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
    text_.clear();
  }

  std::ostream& out_;
  const metrics_format format_;
  std::string_view name_;
  std::string_view suffix_;
  std::string text_;
};

void write_process(exposition& to, const runtime_information& process, std::size_t pools,
                   std::size_t bounded) {
  // A gauge that is always 1: Prometheus text has no TYPE info.
  to.family(kind::gauge, "ebb_runtime_info", "How get and put reach their shard in this process, and why.");
  std::string labels;
  append_label(labels, "path", to_string(process.path));
  append_label(labels, "index", to_string(process.index));
  append_label(labels, "reason", process.reason);
  append_label(labels, "pressure_source", process.pressure_source);
  to.sample(labels, 1);

  to.family(kind::gauge, "ebb_pools", "Pools that something was put into.");
  to.sample({}, pools);
  to.family(kind::gauge, "ebb_resource_pools", "Bounded pools.");
  to.sample({}, bounded);
  to.family(kind::gauge, "ebb_shards", "Shards per pool.");
  to.sample({}, process.shards);
  to.family(kind::gauge, "ebb_collector_running", "1 while the background thread exists.");
  to.sample({}, process.collector_running ? 1 : 0);
  to.family(kind::gauge, "ebb_pressure_level", "Memory pressure in force: 0 low, 1 medium, 2 high.");
  to.sample({}, static_cast<int>(process.pressure));
  to.family(kind::counter, "ebb_cycles", "Cycles run since the process started.");
  to.sample({}, process.cycles);
  to.family(kind::counter, "ebb_cycles_abandoned", "Cycles given up because the kernel refused a fence.");
  to.sample({}, process.cycles_abandoned);
}

struct plain_metric {
  kind type;
  std::string_view name;
  std::string_view help;
  std::string_view unit;
  std::uint64_t pool_stats::*value;
};

constexpr plain_metric plain_metrics[] = {
    {kind::counter, "ebb_pool_made", "Objects made because none was idle.", "", &pool_stats::made},
    {kind::counter, "ebb_pool_missed", "Gets that found nothing idle.", "", &pool_stats::missed},
    {kind::counter, "ebb_pool_put", "Objects known to have been put; a lower bound.", "", &pool_stats::put},
    {kind::counter, "ebb_pool_detached", "Objects that left the pool for good.", "", &pool_stats::detached},
    {kind::counter, "ebb_pool_cycles", "Cycles the pool has been through.", "", &pool_stats::cycles},
    {kind::gauge, "ebb_pool_idle_objects", "Objects in the pool, the victim included.", "",
     &pool_stats::idle},
    {kind::gauge, "ebb_pool_idle_bytes", "What these objects count for.", "bytes", &pool_stats::idle_bytes},
    {kind::gauge, "ebb_pool_idle_peak_objects", "The most that cycles and snapshots have seen idle.", "",
     &pool_stats::idle_peak},
};

struct labelled_value {
  std::string_view label;
  std::uint64_t pool_stats::*value;
};

constexpr labelled_value sources[] = {
    {R"(source="own")", &pool_stats::reused_own},
    {R"(source="depot")", &pool_stats::reused_depot},
    {R"(source="stolen")", &pool_stats::reused_stolen},
    {R"(source="victim")", &pool_stats::reused_victim},
};

// `closed` is missing: then there is no pool left to ask.
constexpr labelled_value reasons[] = {
    {R"(reason="aged")", &pool_stats::dropped_aged},
    {R"(reason="over_budget")", &pool_stats::dropped_over_budget},
    {R"(reason="pressure")", &pool_stats::dropped_pressure},
    {R"(reason="drained")", &pool_stats::dropped_drained},
    {R"(reason="rejected")", &pool_stats::dropped_rejected},
    {R"(reason="no_memory")", &pool_stats::dropped_no_memory},
    {R"(reason="at_random")", &pool_stats::dropped_at_random},
};
static_assert(std::size(reasons) == eviction_reasons - 1);

// A pool, and its labels: written once, and repeated on every line.
struct labelled_pool {
  const pool_info* pool;
  std::string labels;
};

std::vector<labelled_pool> labelled(std::span<const pool_info> pools, bool bounded) {
  std::vector<labelled_pool> chosen;
  for (const pool_info& p : pools) {
    if (p.bounded.has_value() != bounded) continue;
    chosen.push_back({&p, {}});
    std::string& labels = chosen.back().labels;
    append_label(labels, "pool", p.name);
    append_label(labels, "type", p.type);
    append_label(labels, "id", std::to_string(p.id));
  }
  return chosen;
}

void write_pools(exposition& to, const std::vector<labelled_pool>& pools) {
  for (const plain_metric& metric : plain_metrics) {
    to.family(metric.type, metric.name, metric.help, metric.unit);
    for (const auto& [p, labels] : pools) to.sample(labels, p->stats.*metric.value);
  }
  const auto write_labelled = [&](std::span<const labelled_value> values) {
    for (const auto& [p, labels] : pools) {
      for (const labelled_value& v : values) to.sample(labels, p->stats.*v.value, v.label);
    }
  };
  to.family(kind::counter, "ebb_pool_reused",
            "Gets answered by an idle object that left a trace; a lower bound for source=own.");
  write_labelled(sources);
  to.family(kind::counter, "ebb_pool_dropped", "Objects destroyed instead of kept.");
  write_labelled(reasons);
  to.family(kind::gauge, "ebb_pool_in_use_objects", "Objects that callers hold.");
  for (const auto& [p, labels] : pools) to.sample(labels, p->stats.in_use());
  to.family(kind::gauge, "ebb_pool_hit_ratio",
            "Of the gets since the last cycle that left a trace, the share that found an object.", "ratio");
  for (const auto& [p, labels] : pools) to.sample(labels, p->stats.hit_ratio());
}

template <class Number>
struct bounded_metric {
  std::string_view name;
  std::string_view help;
  Number resource_stats::*value;
};

constexpr bounded_metric<std::size_t> bounded_gauges[] = {
    {"ebb_resource_pool_capacity", "How many may be open.", &resource_stats::capacity},
    {"ebb_resource_pool_in_use", "Resources that callers hold, or check.", &resource_stats::in_use},
    {"ebb_resource_pool_idle", "Resources that are open, and nobody has.", &resource_stats::idle},
    {"ebb_resource_pool_opening", "Resources that are being opened.", &resource_stats::opening},
    {"ebb_resource_pool_closing", "Resources that are being closed.", &resource_stats::closing},
    {"ebb_resource_pool_waiters", "Callers that wait.", &resource_stats::waiters},
};

constexpr bounded_metric<std::uint64_t> bounded_counters[] = {
    {"ebb_resource_pool_opened", "Resources that were opened.", &resource_stats::opened},
    {"ebb_resource_pool_open_failures", "Openings that failed.", &resource_stats::failed_to_open},
    {"ebb_resource_pool_detached", "Resources that left the pool for good.", &resource_stats::detached},
    {"ebb_resource_pool_settings_changed", "Resources that were given a setting, or freed of one.",
     &resource_stats::settings_changed},
};

struct outcome {
  std::string_view label;
  std::uint64_t resource_stats::*value;
};

constexpr outcome outcomes[] = {
    {R"(outcome="acquired")", &resource_stats::acquired},
    {R"(outcome="timed_out")", &resource_stats::timed_out},
    {R"(outcome="cancelled")", &resource_stats::cancelled},
    {R"(outcome="refused")", &resource_stats::refused},
};

void write_bounded(exposition& to, const std::vector<labelled_pool>& pools) {
  const auto write_each = [&](kind type, const auto& metrics) {
    for (const auto& metric : metrics) {
      to.family(type, metric.name, metric.help);
      for (const auto& [p, labels] : pools) to.sample(labels, (*p->bounded).*metric.value);
    }
  };
  write_each(kind::gauge, bounded_gauges);
  write_each(kind::counter, bounded_counters);
  to.family(kind::counter, "ebb_resource_pool_closed", "Resources that were closed.");
  for (const auto& [p, labels] : pools) {
    for (std::size_t i = 0; i < close_reasons; ++i) {
      std::string reason;
      append_label(reason, "reason", to_string(static_cast<close_reason>(i)));
      to.sample(labels, p->bounded->closed[i], reason);
    }
  }
  to.family(kind::counter, "ebb_resource_pool_acquires", "Calls of acquire(), by how they ended.");
  for (const auto& [p, labels] : pools) {
    for (const outcome& o : outcomes) to.sample(labels, (*p->bounded).*o.value, o.label);
  }
  to.family(kind::histogram, "ebb_resource_pool_wait_seconds",
            "How long those calls waited that had to, whatever they got.", "seconds");
  for (const auto& [p, labels] : pools) to.samples(labels, p->bounded->waits, p->bounded->waited);
}

}  // namespace

void write_openmetrics(std::ostream& out, std::span<const pool_info> pools,
                       const runtime_information& process, metrics_format format) {
  const std::vector<labelled_pool> unbounded = labelled(pools, false);
  const std::vector<labelled_pool> bounded = labelled(pools, true);
  exposition to(out, format);
  write_process(to, process, unbounded.size(), bounded.size());
  write_pools(to, unbounded);
  write_bounded(to, bounded);
  to.finish();
}

void write_openmetrics(std::ostream& out, metrics_format format) {
  write_openmetrics(out, all_pools(), runtime_info(), format);
}

}  // namespace ebb
