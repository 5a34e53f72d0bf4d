#include "statistics.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>

#include <ebb/pools.hpp>
#include <ebb/pressure.hpp>
#include <ebb/runtime_info.hpp>

#include "heap_count.hpp"
#include "resident_memory.hpp"

namespace catalog {
namespace {

using json = nlohmann::ordered_json;

json to_json(const ebb::pool_stats& s) {
  return {{"made", s.made},
          {"idle", s.idle},
          {"reused_own", s.reused_own},
          {"reused_depot", s.reused_depot},
          {"reused_stolen", s.reused_stolen},
          {"reused_victim", s.reused_victim},
          {"missed", s.missed},
          {"put", s.put},
          {"dropped_aged", s.dropped_aged},
          {"dropped_rejected", s.dropped_rejected},
          {"in_use", s.in_use()},
          {"cycles", s.cycles}};
}

}  // namespace

void append_statistics(std::pmr::string& out, const services& s) {
  const heap_numbers heap = heap_now();
  json page = {{"pool", name_of(s.pool.mode())},
               {"access_path", ebb::runtime_info().reason},
               {"requests", s.requests.total()},
               {"answers_under_way", s.under_way.total()},
               {"heap_allocations", heap.allocations},
               {"heap_live_bytes", heap.live_bytes},
               {"rss_kib", resident_kib()}};
  json& pools = page["pools"];
  for (const auto& [name, numbers] : s.pool.stats()) pools[name] = to_json(numbers);
  out.append(page.dump(2)).push_back('\n');
}

void write_sample(std::ostream& out, const services& s) {
  std::uint64_t idle_bytes = 0;
  for (const ebb::pool_info& p : ebb::all_pools()) idle_bytes += p.stats.idle_bytes;
  out << resident_kib() << ',' << s.pool.idle() << ',' << s.requests.total() << ','
      << heap_now().allocations << ',' << idle_bytes / 1024 << ',' << to_string(ebb::pressure());
}

}  // namespace catalog
