#include <algorithm>
#include <cstddef>
#include <cstring>
#include <deque>
#include <list>
#include <map>
#include <memory_resource>
#include <optional>
#include <string>
#include <system_error>
#include <unordered_map>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <ebb/pool_resource.hpp>
#include <ebb/pooled_stream.hpp>
#include <ebb/pooled_writer.hpp>

#include "scenario.hpp"

namespace {

void buffers(std::size_t alignment, ebb::scrub wipe) {
  std::optional<ebb::buffer_pool> pool;
  std::uint64_t adopted = 0;
  attempt([&] {
    pool.emplace(ebb::buffer_pool_options{.max_bytes = 16384,
                                          .alignment = alignment,
                                          .on_put = wipe,
                                          .max_idle_bytes = 60'000,
                                          .name = long_name});
    std::vector<ebb::pooled_buffer> held;
    for (std::size_t bytes = 100; bytes < 40'000; bytes *= 2) held.push_back(pool->get(bytes));
    held[0].append(std::string(3000, 'x'));
    held[1].resize(20'000);
    check(held[0].view().ends_with("xxx"), "growing has lost the text");
    auto out = std::move(held[2]).detach();
    held.pop_back();
    ++adopted;
    pool->put(std::move(out));
    held.clear();
    ebb::collect();
    for (int i = 0; i < 30; ++i) held.push_back(pool->get(1000));
    held.front().reserve(5000);
  });
  if (!pool) return;
  ebb::pool_stats s = pool->stats();
  // What was put after it was detached is counted there, unless it was not reached.
  check(s.made + s.detached >= s.idle + s.destroyed() + s.detached, "more buffers than were made");
  check(s.made + (adopted < s.detached ? adopted : s.detached) == s.idle + s.destroyed() + s.detached,
        "made is not idle + destroyed + detached");
  {
    ebb::pooled_buffer b = pool->get(5000);
    std::memset(b.data(), 1, b.size());
  }
  check_empties(*pool);
}
void plain_buffers() { buffers(alignof(std::max_align_t), ebb::scrub::nothing); }
void aligned_buffers() { buffers(4096, ebb::scrub::zero); }

void calibrated_buffers() {
  std::optional<ebb::calibrated_buffer_pool> pool;
  attempt([&] {
    pool.emplace(ebb::calibrated_buffer_pool_options{.max_idle = 20, .name = long_name});
    std::vector<ebb::pooled_buffer> held;
    for (int i = 0; i < 40; ++i) {
      held.push_back(pool->get());
      held.back().append("a text");
      held.back().append(std::string(500, 'y'));
    }
    const auto kept = std::move(held.back()).detach();
    held.clear();
    ebb::collect();
    pool->get().append("again");
  });
  if (!pool) return;
  check_balance(pool->stats());
  pool->get().append("works");
  check_empties(*pool);
}

void resource_blocks() {
  std::optional<ebb::pool_resource> pool;
  attempt([&] {
    pool.emplace(ebb::pool_resource_options{
        .largest_pooled_bytes = 4096, .max_idle_bytes = 20'000, .name = long_name});
    std::pmr::map<int, std::pmr::string> names(&*pool);
    for (int i = 0; i < 40; ++i) names[i] = long_name;
    std::pmr::vector<std::pmr::string> copies(&*pool);
    for (const auto& [key, name] : names) copies.push_back(name);
    for (const std::size_t alignment : {std::size_t{32}, std::size_t{256}, std::size_t{4096}}) {
      void* const block = pool->allocate(3 * alignment, alignment);
      pool->deallocate(block, 3 * alignment, alignment);
    }
    void* const large = pool->allocate(100'000);
    pool->deallocate(large, 100'000);
    copies.clear();
    copies.shrink_to_fit();
    pool->release();
    copies.emplace_back(long_name);
    ebb::collect();
  });
  if (!pool) return;
  check_balance(pool->stats());
  void* const block = pool->allocate(64);
  pool->deallocate(block, 64);
  pool->release();
  check(pool->stats().idle == 0, "release() leaves something");
}

template <class T>
using alloc = ebb::pool_allocator<T>;
using text = std::basic_string<char, std::char_traits<char>, alloc<char>>;

void containers() {
  std::optional<ebb::pool_resource> pool;
  attempt([&] {
    pool.emplace();
    std::map<int, text, std::less<>, alloc<std::pair<const int, text>>> m(*pool);
    std::list<int, alloc<int>> l(*pool);
    std::deque<text, alloc<text>> d(*pool);
    std::unordered_map<int, int, std::hash<int>, std::equal_to<>, alloc<std::pair<const int, int>>> u(
        8, std::hash<int>{}, std::equal_to<>{}, *pool);
    for (int i = 0; i < 20; ++i) {
      m.emplace(i, text(long_name, *pool));
      l.push_back(i);
      d.push_front(text(long_name, *pool));
      u[i] = i;
    }
    auto copy = m;
    m.clear();
    copy.swap(m);
    d.erase(d.begin(), d.begin() + 10);
    ebb::collect();
    l.splice(l.begin(), std::list<int, alloc<int>>(30, 1, *pool));
  });
  if (!pool) return;
  check_balance(pool->stats());
  check_empties(*pool);
}

void streams() {
  std::optional<ebb::buffer_pool> tiers;
  std::optional<ebb::calibrated_buffer_pool> learning;
  attempt([&] {
    tiers.emplace();
    learning.emplace();
    for (int round = 0; round < 3; ++round) {
      ebb::pooled_ostream a(*tiers, 100);
      ebb::pooled_ostream b(*learning);
      for (int i = 0; i < 200; ++i) {
        a << i << ' ' << long_name << '\n';
        b << 1.5 * i << long_name;
      }
      const ebb::pooled_buffer taken = a.take();
      a << taken.size() << b.str();
      b.str("another");
      ebb::pooled_ostream moved(std::move(b));
      moved << "more";
      ebb::collect();
    }
  });
  if (tiers) check_balance(tiers->stats()), check_empties(*tiers);
  if (learning) check_balance(learning->stats()), check_empties(*learning);
}

// All that a writer took arrives, in order and once, whatever fails in between.
void writers() {
  std::optional<ebb::buffer_pool> pool;
  std::string expected;
  std::string arrived;
  expected.reserve(100'000);
  arrived.reserve(100'000);
  attempt([&] {
    pool.emplace();
    const auto sink = [&](std::span<const std::byte> bytes, std::error_code&) {
      const std::size_t part = std::min<std::size_t>(bytes.size(), 777);
      arrived.append(reinterpret_cast<const char*>(bytes.data()), part);
      return part;
    };
    for (int round = 0; round < 3; ++round) {
      ebb::pooled_writer<decltype(sink)> out(*pool, sink, 2048);
      for (int i = 0; i < 40; ++i) {
        const std::string word =
            std::string(static_cast<std::size_t>(i) * 20, static_cast<char>('a' + i % 26));
        out.write(word);
        expected += word;
        if (i % 10 == 9) out.flush();
      }
      ebb::collect();
      ebb::collect();
    }
    ebb::pooled_writer shared(sink);  // of the pool that all writers share
    shared.write("the last");
    expected += "the last";
  });
  check(arrived == expected, "what was written did not arrive");
  if (pool) check_balance(pool->stats()), check_empties(*pool);
}

constexpr scenario table[] = {
    {"buffers", plain_buffers},
    {"aligned buffers, wiped", aligned_buffers},
    {"calibrated buffers", calibrated_buffers},
    {"blocks of a resource", resource_blocks},
    {"containers", containers},
    {"streams", streams},
    {"writers", writers},
};

}  // namespace

std::span<const scenario> memory_scenarios() noexcept { return table; }
