// Hours of mixed work, and whether the resident memory stays what it is. Status 1 if it grows, or if an
// object is lost; docs/verification/soak.md says by how much.
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include <ebb/runtime_info.hpp>

#include "load.hpp"
#include "slope.hpp"

namespace {

using std::chrono::steady_clock;

double resident_kib() {
  std::ifstream statm("/proc/self/statm");
  long pages = 0;
  long resident = -1;
  statm >> pages >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

std::atomic<bool> stop{false};
std::atomic<std::uint64_t> rounds{0};
std::atomic<std::uint64_t> threads_ended{0};

// Threads that live for half a second, one after the other.
void churn(pools& p, std::uint32_t number, leak l) {
  for (std::uint32_t generation = 0; !stop; ++generation) {
    std::thread([&, generation] {
      worker w(p, 1 + number + 1000 * generation, l);
      const auto end = steady_clock::now() + std::chrono::milliseconds(500);
      while (!stop && steady_clock::now() < end) w.round();
      rounds.fetch_add(w.operations);
    }).join();
    threads_ended.fetch_add(1);
  }
}

bool is_whole(const char* name, const ebb::pool_stats& s) {
  if (s.made == s.idle + s.destroyed() + s.detached) return true;
  std::printf("%s: made %llu, idle %llu, destroyed %llu, detached %llu\n", name,
              static_cast<unsigned long long>(s.made), static_cast<unsigned long long>(s.idle),
              static_cast<unsigned long long>(s.destroyed()), static_cast<unsigned long long>(s.detached));
  return false;
}

bool is_conserved(const pools& p) {
  bool whole = is_whole("objects", p.objects.stats());
  whole = is_whole("few objects", p.few.stats()) && whole;
  whole = is_whole("buffers", p.tiers.stats()) && whole;
  whole = is_whole("calibrated buffers", p.learning.stats()) && whole;
  whole = is_whole("blocks", p.memory.stats()) && whole;
  const auto idle = static_cast<std::int64_t>(p.objects.stats().idle + p.few.stats().idle);
  if (token::alive != idle) {
    std::printf("objects alive %lld, idle %lld\n", static_cast<long long>(token::alive),
                static_cast<long long>(idle));
    whole = false;
  }
  return whole;
}

// A slope below the first is what is asked for; growth below the second, over the whole run, is noise:
// arenas of malloc, stacks of threads.
constexpr double most_percent_per_hour = 1;
constexpr double least_growth_kib = 1024;

bool grows(const line& l) {
  return l.percent_per_hour(l.kib_per_hour - 2 * l.error) > most_percent_per_hour &&
         l.growth_kib() > least_growth_kib;
}

[[noreturn]] void usage(const char* wrong) {
  std::fprintf(stderr, "soak: %s; usage: soak --seconds 10..10000000 [--leak memory|tokens]\n", wrong);
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  double seconds = 0;
  leak l = leak::nothing;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option = argv[i];
    if (i + 1 == argc) usage("an option without a value");
    const std::string_view value = argv[i + 1];
    if (option == "--seconds") {
      const auto [end, error] = std::from_chars(value.begin(), value.end(), seconds);
      if (error != std::errc{} || end != value.end() || !(seconds >= 10 && seconds <= 1e7)) {
        usage("--seconds takes a number from 10 to 10000000");
      }
    } else if (option == "--leak" && (value == "memory" || value == "tokens")) {
      l = value == "memory" ? leak::memory : leak::tokens;
    } else {
      usage("no such option, or no such value of it");
    }
  }
  if (seconds == 0) usage("--seconds is missing");

  // As many arenas as threads at a time would make malloc's own growth the largest number here.
  (void)::mallopt(M_ARENA_MAX, 2);
  ebb::set_cycle_period(std::chrono::milliseconds(100));
  auto all = std::make_unique<pools>();
  std::vector<std::thread> threads;
  const std::uint32_t slots = 3 * std::max(1u, std::thread::hardware_concurrency());
  for (std::uint32_t i = 0; i < slots; ++i) threads.emplace_back(churn, std::ref(*all), i, l);

  std::vector<sample> samples;
  const auto begin = steady_clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(steady_clock::now() - begin).count(); };
  const double warm_up = std::min(seconds / 4, 600.0);
  double next_word = 60;
  while (elapsed() < seconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const double now = elapsed();
    if (now >= warm_up) samples.push_back({now / 3600, resident_kib()});
    if (now >= next_word) {
      std::printf("%6.0f s: %.0f KiB resident, %llu rounds, %llu threads ended\n", now, resident_kib(),
                  static_cast<unsigned long long>(rounds), static_cast<unsigned long long>(threads_ended));
      std::fflush(stdout);
      next_word = now < 600 ? now + 60 : now + 600;
    }
  }
  stop = true;
  for (std::thread& t : threads) t.join();

  const line fitted = fit(samples);
  const bool whole = is_conserved(*all);
  all.reset();
  const bool gone = token::alive == 0;
  if (!gone)
    std::printf("%lld objects are left when their pools are gone\n", static_cast<long long>(token::alive));
  std::printf("%llu rounds, %llu threads, %llu cycles; %.0f KiB resident on average after %.0f s\n",
              static_cast<unsigned long long>(rounds), static_cast<unsigned long long>(threads_ended),
              static_cast<unsigned long long>(ebb::runtime_info().cycles), fitted.mean_kib, warm_up);
  std::printf(
      "slope %+.2f %%/h, %+.2f KiB/min, standard error %.2f %%/h, %.2f KiB/min; over the run %+.0f KiB\n",
      fitted.percent_per_hour(fitted.kib_per_hour), fitted.kib_per_hour / 60,
      fitted.percent_per_hour(fitted.error), fitted.error / 60, fitted.growth_kib());
  if (grows(fitted)) std::printf("FAILED: resident memory grows\n");
  if (!whole || !gone) std::printf("FAILED: objects are lost\n");
  const bool passed = whole && gone && !grows(fitted);
  if (passed) std::printf("passed\n");
  return passed ? 0 : 1;
}
