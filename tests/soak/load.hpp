// Mixed work for the soak: every kind of pool, by threads that come and go. What is taken is checked for a
// second user, and what is lost is seen at the end.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <ebb/buffer_pool.hpp>
#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/collector.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/pool_resource.hpp>
#include <ebb/pooled_stream.hpp>
#include <ebb/pooled_writer.hpp>

[[noreturn]] inline void fail(const char* what) {
  std::fprintf(stderr, "FAILED: %s\n", what);
  std::fflush(nullptr);
  std::_Exit(1);
}

struct token {
  static inline std::atomic<std::int64_t> alive{0};
  std::atomic<bool> owned{false};
  std::array<char, 1000> body{};

  token() { alive.fetch_add(1, std::memory_order_relaxed); }
  token(const token&) = delete;
  token& operator=(const token&) = delete;
  ~token() {
    if (owned) fail("an object is destroyed while in use");
    alive.fetch_sub(1, std::memory_order_relaxed);
  }
  void take() {
    if (owned.exchange(true, std::memory_order_relaxed)) fail("one object, two users");
  }
  void give() {
    if (!owned.exchange(false, std::memory_order_relaxed)) fail("an object is given twice");
  }
};

enum class leak {
  nothing,
  memory,  // 4 KiB that nobody frees, once in 20 rounds
  tokens,  // an object that is never put back, once in 20 rounds
};

struct pools {
  ebb::object_pool<token> objects;
  ebb::object_pool<token> few{ebb::object_pool_options<token>{.max_idle = 100, .max_loaded = 8}};
  ebb::buffer_pool tiers{{.min_bytes = 512, .max_bytes = 65536, .max_idle_bytes = 4 << 20}};
  ebb::calibrated_buffer_pool learning;
  ebb::pool_resource memory;
};

// What a thread does over and over; each round leaves nothing behind.
class worker {
 public:
  worker(pools& p, std::uint32_t seed, leak l) : pools_(p), luck_(seed), leak_(l) {}

  void round() {
    switch (roll(6)) {
      case 0: use_objects(pools_.objects, 1 + roll(150)); break;
      case 1: use_objects(pools_.few, 1 + roll(20)); break;
      case 2: use_buffers(); break;
      case 3: use_containers(); break;
      case 4: use_stream(); break;
      default: use_writer(); break;
    }
    if (roll(200) == 0) ebb::collect();
    operations += 1;
    if (leak_ != leak::nothing && roll(20) == 0) lose_something();
  }

  std::uint64_t operations = 0;

 private:
  std::uint32_t roll(std::uint32_t sides) { return static_cast<std::uint32_t>(luck_()) % sides; }

  void use_objects(ebb::object_pool<token>& pool, std::size_t count) {
    std::vector<ebb::pooled<token>> held(count);
    if (roll(2) == 0) {
      pool.get_n(held);
    } else {
      for (auto& h : held) h = pool.get();
    }
    for (const auto& h : held) h->take();
    for (const auto& h : held) h->give();
    if (roll(2) == 0) pool.put_n(held);
  }

  void use_buffers() {
    std::vector<ebb::pooled_buffer> held;
    const char mark = static_cast<char>('a' + roll(26));
    for (std::size_t i = 0; i < 10; ++i) {
      held.push_back(pools_.tiers.get(1 + roll(100'000)));
      std::memset(held.back().data(), mark, held.back().size());
    }
    for (const auto& b : held) {
      if (b.view().front() != mark || b.view().back() != mark) fail("a buffer has two users");
    }
  }

  void use_containers() {
    std::pmr::map<std::uint32_t, std::pmr::string> m(&pools_.memory);
    for (std::uint32_t i = 0; i < 50; ++i) m[i] = std::pmr::string(roll(300), 'x', &pools_.memory);
    std::pmr::map<std::uint32_t, std::pmr::string> copy(m, &pools_.memory);
    if (copy != m) fail("a container has lost its elements");
  }

  void use_stream() {
    ebb::pooled_ostream out(pools_.learning);
    std::size_t expected = 0;
    for (std::uint32_t i = roll(60); i > 0; --i) {
      out << "line " << 100'000 + i << '\n';
      expected += 12;
    }
    if (out.view().size() != expected) fail("a stream has lost its text");
  }

  void use_writer() {
    std::size_t arrived = 0;
    std::size_t sent = 0;
    {
      const auto sink = [&](std::span<const std::byte> bytes, std::error_code&) {
        arrived += bytes.size();
        return bytes.size();
      };
      ebb::pooled_writer<decltype(sink)> out(pools_.tiers, sink);
      for (std::uint32_t i = roll(30); i > 0; --i) {
        out.write(std::string(10 * i, 'y'));
        sent += std::size_t{10} * i;
      }
    }
    if (arrived != sent) fail("a writer has lost its text");
  }

  // What the soak has to find.
  void lose_something() {
    if (leak_ == leak::tokens) {
      lost.store(new ebb::pooled<token>(pools_.objects.get()), std::memory_order_relaxed);
    } else if (void* const block = std::malloc(4096)) {
      std::memset(block, 1, 4096);
      lost.store(block, std::memory_order_relaxed);  // so that no compiler leaves the allocation out
    }
  }
  static inline std::atomic<void*> lost{nullptr};

  pools& pools_;
  std::minstd_rand luck_;
  const leak leak_;
};
