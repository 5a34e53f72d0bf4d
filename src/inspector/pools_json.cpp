#include "pools_json.hpp"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <deque>

#include <ebb/collector.hpp>

#include "json.hpp"

namespace ebb::detail {

namespace {

void write_stats(json_writer& to, const pool_stats& s) {
  to.member("made", s.made)
      .member("reused_own", s.reused_own)
      .member("reused_depot", s.reused_depot)
      .member("reused_stolen", s.reused_stolen)
      .member("reused_victim", s.reused_victim)
      .member("missed", s.missed)
      .member("put", s.put)
      .member("dropped_aged", s.dropped_aged)
      .member("dropped_over_budget", s.dropped_over_budget)
      .member("dropped_pressure", s.dropped_pressure)
      .member("dropped_drained", s.dropped_drained)
      .member("dropped_rejected", s.dropped_rejected)
      .member("dropped_no_memory", s.dropped_no_memory)
      .member("dropped_at_random", s.dropped_at_random)
      .member("idle", s.idle)
      .member("idle_bytes", s.idle_bytes)
      .member("idle_peak", s.idle_peak)
      .member("detached", s.detached)
      .member("cycles", s.cycles)
      .member("recent_reused", s.recent_reused)
      .member("recent_missed", s.recent_missed)
      .member("destroyed", s.destroyed())
      .member("reused", s.reused())
      .member("in_use", s.in_use())
      .member("hit_ratio", s.hit_ratio());
}

// One array: a number of each of the samples behind those that are skipped.
template <class Samples, class NumberOf>
void write_column(json_writer& to, std::string_view name, const Samples& samples, std::size_t skipped,
                  NumberOf number_of) {
  to.key(name).begin_array();
  for (std::size_t i = skipped; i < samples.size(); ++i) to.value(number_of(samples[i]));
  to.end_array();
}

// `sample_of` picks the pool_sample out of an element of `samples`.
template <class Samples, class SampleOf>
void write_samples(json_writer& to, const Samples& samples, std::size_t skipped, SampleOf sample_of) {
  const auto column = [&](std::string_view name, auto number_of) {
    write_column(to, name, samples, skipped, [&](const auto& s) { return number_of(sample_of(s)); });
  };
  column("idle", [](const pool_sample& s) { return s.idle; });
  column("idle_bytes", [](const pool_sample& s) { return s.idle_bytes; });
  for (std::size_t f = 0; f < rate_fields.size(); ++f) {
    column(rate_fields[f].name, [f](const pool_sample& s) { return s.rates[f]; });
  }
}

// As long as the last bucket that anything is in.
template <class Counts>
void write_waits(json_writer& to, const Counts& counts) {
  std::size_t length = counts.size();
  while (length > 0 && counts[length - 1] == 0) --length;
  to.begin_array();
  for (std::size_t i = 0; i < length; ++i) to.value(counts[i]);
  to.end_array();
}

void write_bounded(json_writer& to, const resource_stats& s) {
  to.begin_object();
  for (const bounded_level& l : bounded_levels) to.member(l.name, s.*l.value);
  for (const bounded_count& c : bounded_counts) to.member(c.name, c.of(s));
  to.member("waited_us", std::chrono::duration_cast<std::chrono::microseconds>(s.waited).count());
  write_waits(to.key("waits"), s.waits.counts);
  to.end_object();
}

void write_samples(json_writer& to, const std::deque<bounded_sample>& samples, std::size_t skipped) {
  for (std::size_t l = 0; l < bounded_levels.size(); ++l) {
    write_column(to, bounded_levels[l].name, samples, skipped, [l](const auto& s) { return s.levels[l]; });
  }
  for (std::size_t c = 0; c < bounded_counts.size(); ++c) {
    write_column(to, bounded_counts[c].name, samples, skipped, [c](const auto& s) { return s.rates[c]; });
  }
  to.key("waits").begin_array();
  for (std::size_t i = skipped; i < samples.size(); ++i) write_waits(to, samples[i].waits);
  to.end_array();
}

std::size_t skip_count(std::size_t samples, std::uint64_t wanted) {
  return wanted >= samples ? 0 : samples - static_cast<std::size_t>(wanted);
}

void write_process(json_writer& to, const pools_document& d) {
  const runtime_information& p = d.process;
  to.begin_object()
      .member("program", program_invocation_short_name)
      .member("pid", ::getpid())
      .member("path", to_string(p.path))
      .member("index", to_string(p.index))
      .member("reason", p.reason)
      .member("shards", p.shards)
      .member("cycles", p.cycles)
      .member("cycles_abandoned", p.cycles_abandoned)
      .member("cycle_period_ms", cycle_period().count())
      .member("collector_running", p.collector_running)
      .member("pressure", to_string(p.pressure))
      .member("pressure_source", p.pressure_source)
      .member("resident_bytes", d.resident_bytes)
      .member("inspected_ms", d.inspected.count())
      .end_object();
}

void write_history(json_writer& to, const pools_document& d) {
  const auto& samples = d.past.process();
  const std::size_t skipped = skip_count(samples.size(), d.past.newest() - d.since);
  to.begin_object()
      .member("period_ms", 1000)
      .member("length", history::length)
      .member("newest", d.past.newest())
      .member("since", d.since)
      .member("pools", d.past.pools())
      .member("most_pools", history::most_pools);
  const auto column = [&](std::string_view name, auto number_of) {
    write_column(to, name, samples, skipped, number_of);
  };
  column("unix_ms", [](const process_sample& s) { return s.unix_ms; });
  column("resident_bytes", [](const process_sample& s) { return s.resident_bytes; });
  column("cycles", [](const process_sample& s) { return s.cycles; });
  column("abandoned", [](const process_sample& s) { return s.abandoned; });
  column("pressure_level", [](const process_sample& s) { return static_cast<int>(s.pressure); });
  write_samples(to, samples, skipped, [](const process_sample& s) -> const pool_sample& { return s.all; });
  to.end_object();
}

void write_totals(json_writer& to, const std::vector<pool_info>& pools) {
  pool_stats all;
  std::size_t bounded = 0;
  for (const pool_info& p : pools) {
    all += p.stats;
    bounded += p.bounded ? 1 : 0;
  }
  to.begin_object().member("pools", pools.size()).member("bounded", bounded);
  write_stats(to, all);
  to.end_object();
}

void write_pool(json_writer& to, const pool_info& p, const pools_document& d) {
  to.begin_object().member("id", p.id).member("name", p.name).member("type", p.type);
  if (p.bounded) {
    write_bounded(to.key("bounded"), *p.bounded);
  } else {
    write_stats(to, p.stats);
  }
  if (const history::of_pool* const past = d.past.find(p.id)) {
    const auto skipped = [&](std::size_t samples) {
      return skip_count(samples, d.past.newest() - d.since);
    };
    to.key("history").begin_object();
    if (p.bounded) {
      write_samples(to, past->bounded_samples, skipped(past->bounded_samples.size()));
    } else {
      write_samples(to, past->samples, skipped(past->samples.size()),
                    [](const pool_sample& s) -> const pool_sample& { return s; });
    }
    to.end_object();
  }
  to.end_object();
}

}  // namespace

std::string to_json(const pools_document& d) {
  json_writer to;
  to.begin_object().member("version", 1).member("unix_ms", d.unix_ms).member("actions", d.allow_actions);
  write_process(to.key("process"), d);

  write_totals(to.key("totals"), d.pools);
  write_history(to.key("history"), d);

  to.key("pools").begin_array();
  for (const pool_info& p : d.pools) write_pool(to, p, d);
  to.end_array().end_object();
  return std::move(to).take();
}

}  // namespace ebb::detail
