// Pools as members that are initialised in their class, with options: what programs write most, and what
// g++ 12 crashed on while the options' names had {} for a default.
#include <gtest/gtest.h>

#include <memory>

#include <ebb/buffer_pool.hpp>
#include <ebb/calibrated_buffer_pool.hpp>
#include <ebb/keyed_resource_pool.hpp>
#include <ebb/object_pool.hpp>
#include <ebb/pool_resource.hpp>
#include <ebb/resource_pool.hpp>

namespace {

struct part {
  int value = 0;
};
std::unique_ptr<part> make_part() { return std::make_unique<part>(part{.value = 1}); }

struct server {
  ebb::object_pool<part> by_function{{.make = make_part}};
  ebb::object_pool<part> by_lambda{{.make = [] { return std::make_unique<part>(part{.value = 2}); }}};
  ebb::buffer_pool buffers{{.min_bytes = 512}};
  ebb::calibrated_buffer_pool scratch{{.max_idle_bytes = 1 << 20}};
  ebb::pool_resource blocks{{.largest_pooled_bytes = 4096}};
  ebb::resource_pool<part> bounded{{.make = make_part, .capacity = 3}};
  ebb::keyed_resource_pool<int, part> keyed{{
      .make = [](const int& key) { return std::make_unique<part>(part{.value = key}); },
      .all = {.capacity = 4},
  }};
};

TEST(Member, pools_take_options_where_they_are_declared) {
  server s;
  EXPECT_EQ(s.by_function.get()->value, 1);
  EXPECT_EQ(s.by_lambda.get()->value, 2);
  EXPECT_EQ(s.buffers.get(1).capacity(), 512u);
  EXPECT_EQ(s.scratch.get().size(), 0u);
  EXPECT_EQ(s.blocks.largest_pooled_bytes(), 4096u);
  EXPECT_EQ(s.bounded.acquire()->value, 1);
  EXPECT_EQ(s.keyed.at(7).acquire()->value, 7);
}

}  // namespace
