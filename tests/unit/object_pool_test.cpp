#include <ebb/object_pool.hpp>

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include <ebb/collector.hpp>
#include <support/one_cpu.hpp>
#include <support/token.hpp>

namespace {

struct handle_of_c;

}  // namespace

template <>
struct std::default_delete<handle_of_c> {
  void operator()(handle_of_c* h) const noexcept;
};

namespace {

using ebb::test::census;
using ebb::test::make_token;
using ebb::test::token;

// What a C library hands out and wants back, and nothing to call delete for.
struct handle_of_c {};
handle_of_c all_of_c;
int ended = 0;

}  // namespace

void std::default_delete<handle_of_c>::operator()(handle_of_c* h) const noexcept {
  if (h == &all_of_c) ++ended;
}

namespace {

struct widget {
  int value = 7;
  widget() = default;
  explicit widget(int v) : value(v) {}
};

using handle = ebb::pooled<widget>;
static_assert(!std::is_copy_constructible_v<handle> && !std::is_copy_assignable_v<handle>);
static_assert(std::is_nothrow_move_constructible_v<handle> && std::is_nothrow_move_assignable_v<handle>);
static_assert(!std::is_move_constructible_v<ebb::object_pool<widget>>);
static_assert(noexcept(std::declval<ebb::object_pool<widget>&>().put(nullptr)));
static_assert(noexcept(std::declval<ebb::object_pool<widget>&>().try_get()));
static_assert(!std::is_constructible_v<ebb::object_pool<widget>, decltype([u = std::unique_ptr<int>()] {
                                         return std::unique_ptr<widget>();
                                       })>,
              "a function is kept in a std::function, so it must be copyable");
static_assert(sizeof(ebb::object_pool<widget>) <= 320, "an unused pool costs a few hundred bytes at most");

TEST(ObjectPool, makes_with_make_unique_when_no_factory_is_given) {
  ebb::object_pool<widget> pool;
  EXPECT_EQ(pool.get()->value, 7);
}

TEST(ObjectPool, makes_with_the_factory_that_is_given) {
  ebb::object_pool<widget> pool{[] { return std::make_unique<widget>(42); }};
  EXPECT_EQ(pool.get()->value, 42);
}

TEST(ObjectPool, returns_the_object_that_was_put_last) {
  const ebb::test::on_one_cpu here;
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  const token* first = nullptr;
  {
    const auto h = pool.get();
    first = h.get();
  }
  EXPECT_EQ(pool.get().get(), first);
  EXPECT_EQ(c.made, 1);
}

TEST(ObjectPool, try_get_is_empty_when_nothing_is_idle_and_never_makes) {
  const ebb::test::on_one_cpu here;
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  EXPECT_FALSE(pool.try_get());
  EXPECT_EQ(c.made, 0);
  pool.put(std::make_unique<token>(c));
  EXPECT_TRUE(pool.try_get());
}

TEST(ObjectPool, put_ignores_null) {
  ebb::object_pool<widget> pool;
  pool.put(nullptr);
  EXPECT_EQ(pool.stats().idle, 0u);
  EXPECT_FALSE(pool.try_get());
}

TEST(ObjectPool, put_adopts_an_object_made_elsewhere) {
  const ebb::test::on_one_cpu here;
  ebb::object_pool<widget> pool;
  auto own = std::make_unique<widget>(99);
  const widget* const address = own.get();
  pool.put(std::move(own));
  const handle h = pool.get();
  EXPECT_EQ(h.get(), address);
  EXPECT_EQ(h->value, 99);
}

TEST(ObjectPool, detach_takes_the_object_out_for_good) {
  census c;
  {
    ebb::object_pool<token> pool{make_token(c)};
    auto h = pool.get();
    std::unique_ptr<token> own = std::move(h).detach();
    EXPECT_FALSE(h);
    EXPECT_EQ(own->id(), 0);
    EXPECT_EQ(pool.stats().idle, 0u);
    EXPECT_EQ(pool.stats().detached, 1u);
    EXPECT_FALSE(std::move(h).detach());
    EXPECT_EQ(pool.stats().detached, 1u);
  }
  EXPECT_EQ(c.alive(), 0);
}

TEST(ObjectPool, handles_move_swap_and_reset) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  auto a = pool.get();
  auto b = pool.get();
  const token* const first = a.get();
  const token* const second = b.get();
  EXPECT_NE(first, second);
  swap(a, b);
  EXPECT_EQ(a.get(), second);
  a = std::move(b);  // puts `second` back
  EXPECT_EQ(a.get(), first);
  EXPECT_FALSE(b);
  EXPECT_EQ(pool.stats().idle, 1u);
  a.reset();
  EXPECT_FALSE(a);
  EXPECT_EQ(pool.stats().idle, 2u);
}

TEST(ObjectPool, assigning_a_handle_to_itself_keeps_the_object) {
  ebb::object_pool<widget> pool;
  handle h = pool.get();
  const widget* const object = h.get();
  handle& alias = h;
  h = std::move(alias);
  EXPECT_EQ(h.get(), object);
  EXPECT_EQ(pool.stats().idle, 0u);
}

// One end of a list that hangs on its first element: what is moved from is part of what is put back.
TEST(ObjectPool, a_handle_may_be_assigned_from_within_the_object_it_has) {
  struct node {
    ebb::pooled<node> next;
    int value = 0;
  };
  ebb::object_pool<node> spare;
  ebb::object_pool<node> pool{{.recycle = [&](node& n) {
    n.next = spare.get();  // so that it is seen if it is read once more
    n.next.reset();
    return true;
  }}};
  ebb::pooled<node> head = pool.get();
  head->next = pool.get();
  head->next->value = 7;
  head = std::move(head->next);
  EXPECT_EQ(head->value, 7);
  head.reset();
  EXPECT_EQ(pool.stats().idle, 2u);
  EXPECT_EQ(spare.stats().idle, 1u);
}

TEST(ObjectPool, a_handle_may_be_reset_by_what_its_assignment_calls) {
  struct item {
    ebb::pooled<item>* back = nullptr;
  };
  int puts = 0;
  ebb::object_pool<item> pool{{.recycle = [&](item& i) {
    if (++puts < 3) i.back->reset();
    return true;
  }}};
  ebb::pooled<item> only = pool.get();
  only->back = &only;
  only = ebb::pooled<item>();
  EXPECT_EQ(puts, 1);
  EXPECT_EQ(pool.stats().idle, 1u);
}

TEST(ObjectPool, objects_die_as_a_unique_ptr_would_have_them_die) {
  for (const bool watched : {false, true}) {
    ended = 0;
    ebb::object_pool<handle_of_c> pool{
        {.make = [] { return std::unique_ptr<handle_of_c>(&all_of_c); },
         .on_evict = watched ? [](handle_of_c&, ebb::eviction_reason) {}
                             : std::function<void(handle_of_c&, ebb::eviction_reason)>()}};
    pool.get().reset();
    EXPECT_EQ(pool.drain(), 1u);
    EXPECT_EQ(ended, 1) << watched;
  }
}

TEST(ObjectPool, options_take_the_members_in_the_documented_order) {
  const ebb::test::on_one_cpu here;
  ebb::object_pool<widget> pool{{.make = [] { return std::make_unique<widget>(5); },
                                 .recycle =
                                     [](widget& w) {
                                       w.value = 0;
                                       return true;
                                     },
                                 .max_idle = 4096,
                                 .name = "widgets"}};
  EXPECT_EQ(pool.name(), "widgets");
  EXPECT_EQ(pool.get()->value, 5);
  EXPECT_EQ(pool.get()->value, 0) << "recycle() ran between the two";
}

TEST(ObjectPool, recycle_returning_false_destroys_the_object_at_once) {
  census c;
  ebb::object_pool<token> pool{{.make = make_token(c), .recycle = [](token& t) { return t.id() != 0; }}};
  pool.get().reset();
  EXPECT_EQ(c.destroyed, 1);
  EXPECT_EQ(pool.stats().dropped_rejected, 1u);
  EXPECT_EQ(pool.get()->id(), 1);
  EXPECT_EQ(pool.stats().idle, 1u);
}

TEST(ObjectPool, recycle_that_throws_destroys_the_object_and_put_does_not_throw) {
  census c;
  ebb::object_pool<token> pool{
      {.make = make_token(c), .recycle = [](token&) -> bool { throw std::runtime_error("no"); }}};
  EXPECT_NO_THROW(pool.put(std::make_unique<token>(c)));
  EXPECT_EQ(c.alive(), 0);
  EXPECT_EQ(pool.stats().dropped_rejected, 1u);
}

TEST(ObjectPool, exceptions_of_make_pass_through_and_lose_nothing) {
  census c;
  int calls = 0;
  ebb::object_pool<token> pool{[&] {
    if (++calls % 2 == 1) throw std::runtime_error("make failed");
    return std::make_unique<token>(c);
  }};
  EXPECT_THROW((void)pool.get(), std::runtime_error);
  EXPECT_NO_THROW(pool.get().reset());
  EXPECT_EQ(pool.stats().made, 1u);
  EXPECT_EQ(pool.stats().missed, 2u);
  EXPECT_EQ(pool.stats().idle, 1u);
}

TEST(ObjectPool, make_returning_null_is_an_error_that_names_the_pool) {
  ebb::object_pool<widget> pool{{.make = [] { return std::unique_ptr<widget>(); }, .name = "broken"}};
  try {
    (void)pool.get();
    FAIL() << "no exception";
  } catch (const std::logic_error& e) {
    EXPECT_NE(std::string(e.what()).find("\"broken\""), std::string::npos) << e.what();
  }
  EXPECT_EQ(pool.stats().made, 0u);
}

TEST(ObjectPool, a_type_without_default_constructor_needs_make) {
  struct plain {
    explicit plain(int) {}
  };
  EXPECT_THROW(ebb::object_pool<plain>(ebb::object_pool_options<plain>{.name = "p"}),
               std::invalid_argument);
  static_assert(!std::is_default_constructible_v<ebb::object_pool<plain>>);
  ebb::object_pool<plain> pool{[] { return std::make_unique<plain>(1); }};
  EXPECT_TRUE(pool.get());
}

TEST(ObjectPool, pools_base_class_objects_through_virtual_destructors) {
  struct base {
    virtual ~base() = default;
    [[nodiscard]] virtual int kind() const = 0;
  };
  static int destroyed = 0;
  struct derived : base {
    std::string text = std::string(100, 'x');
    ~derived() override { ++destroyed; }
    [[nodiscard]] int kind() const override { return 3; }
  };
  destroyed = 0;
  {
    ebb::object_pool<base> pool{[]() -> std::unique_ptr<base> { return std::make_unique<derived>(); }};
    EXPECT_EQ(pool.get()->kind(), 3);
  }
  EXPECT_EQ(destroyed, 1);
}

TEST(ObjectPool, user_code_may_use_the_same_pool_and_others) {
  census c;
  ebb::object_pool<token> inner{make_token(c)};
  struct outer_object {
    ebb::pooled<token> part;
    explicit outer_object(ebb::pooled<token> p) : part(std::move(p)) {}
  };
  ebb::object_pool<outer_object>* self = nullptr;
  ebb::object_pool<outer_object> outer{{.make = [&] { return std::make_unique<outer_object>(inner.get()); },
                                        .recycle =
                                            [&](outer_object&) {
                                              inner.get().reset();
                                              (void)self->try_get();
                                              return true;
                                            }}};
  self = &outer;
  {
    auto a = outer.get();
    auto b = outer.get();
  }
  ebb::collect();
  ebb::collect();
  EXPECT_EQ(outer.stats().idle, 0u);
  EXPECT_EQ(c.alive(), static_cast<std::int64_t>(inner.stats().idle));
}

TEST(ObjectPool, destructors_of_a_dying_pools_objects_may_put_into_it) {
  census c;
  struct giver {
    ebb::object_pool<giver>* pool;
    bool last;
    std::unique_ptr<token> mark;
    ~giver() {
      if (!last) pool->put(std::unique_ptr<giver>(new giver{pool, true, std::move(mark)}));
    }
  };
  {
    ebb::object_pool<giver> pool{{.make = [] { return std::unique_ptr<giver>(); },
                                  .recycle = [](giver& g) { return g.mark != nullptr; }}};
    for (int i = 0; i < 100; ++i) {
      pool.put(std::unique_ptr<giver>(new giver{&pool, false, std::make_unique<token>(c)}));
    }
  }
  EXPECT_EQ(c.made, 100);
  EXPECT_EQ(c.alive(), 0);
}

TEST(ObjectPool, destroys_everything_that_is_idle_exactly_once) {
  census c;
  {
    ebb::object_pool<token> pool{make_token(c)};
    std::vector<ebb::pooled<token>> handles;
    for (int i = 0; i < 5000; ++i) handles.push_back(pool.get());
    handles.clear();
    EXPECT_EQ(pool.stats().idle, 5000u);
    ebb::collect();
    for (int i = 0; i < 100; ++i) handles.push_back(pool.get());
    EXPECT_EQ(c.destroyed, 0);
  }
  EXPECT_EQ(c.made, 5000);
  EXPECT_EQ(c.destroyed, 5000);
}

TEST(ObjectPool, max_idle_is_never_exceeded_and_at_least_half_of_it_is_used) {
  for (const std::size_t max_idle : {0u, 1u, 10u, 1000u}) {
    census c;
    ebb::object_pool<token> pool{{.make = make_token(c), .max_idle = max_idle}};
    for (int burst = 0; burst < 12; ++burst) {  // later bursts with large magazines
      std::vector<ebb::pooled<token>> handles;
      for (int i = 0; i < 3000; ++i) handles.push_back(pool.get());
      handles.clear();
      const ebb::pool_stats s = pool.stats();
      EXPECT_LE(s.idle, max_idle);
      EXPECT_EQ(s.made, s.idle + s.destroyed());
      EXPECT_EQ(c.alive(), static_cast<std::int64_t>(s.idle));
    }
    EXPECT_GT(pool.stats().dropped_over_budget, 0u);
    EXPECT_GE(pool.stats().idle, max_idle / 2);
    ebb::collect();
    EXPECT_LE(pool.stats().idle, max_idle);
  }
}

TEST(ObjectPool, get_n_and_put_n_move_many_objects) {
  census c;
  ebb::object_pool<token> pool{make_token(c)};
  std::vector<ebb::pooled<token>> handles(200);
  pool.get_n(handles);
  for (auto& h : handles) {
    ASSERT_TRUE(h);
    h->take();
  }
  EXPECT_EQ(c.made, 200);
  for (auto& h : handles) h->give();
  pool.put_n(handles);
  for (const auto& h : handles) EXPECT_FALSE(h);
  EXPECT_EQ(pool.stats().idle, 200u);

  std::list<ebb::pooled<token>> list;
  (void)pool.get_n(std::back_inserter(list), 150);
  EXPECT_EQ(list.size(), 150u);
  for (auto& h : list) h->take();
  EXPECT_EQ(c.made, 200) << "all of them reused";
  EXPECT_EQ(pool.stats().idle, 50u);
  for (auto& h : list) h->give();
}

TEST(ObjectPool, put_n_adopts_unique_ptrs_and_ignores_empty_ones) {
  census c;
  ebb::object_pool<token> pool{{.make = make_token(c), .recycle = [](token& t) { return t.id() != 1; }}};
  std::vector<std::unique_ptr<token>> objects(5);
  for (std::size_t i : {0u, 1u, 3u}) objects[i] = std::make_unique<token>(c);
  pool.put_n(objects);
  EXPECT_EQ(pool.stats().idle, 2u);
  EXPECT_EQ(pool.stats().dropped_rejected, 1u);
  for (const auto& o : objects) EXPECT_FALSE(o);
}

TEST(ObjectPool, get_n_keeps_what_it_has_when_make_throws) {
  census c;
  int left = 10;
  ebb::object_pool<token> pool{[&] {
    if (left-- == 0) throw std::runtime_error("enough");
    return std::make_unique<token>(c);
  }};
  std::vector<ebb::pooled<token>> handles;
  EXPECT_THROW((void)pool.get_n(std::back_inserter(handles), 20), std::runtime_error);
  EXPECT_EQ(handles.size(), 10u);
  handles.clear();
  EXPECT_EQ(pool.stats().idle, 10u);
}

TEST(ObjectPool, works_as_a_member_in_containers_and_optionals) {
  struct owner {
    ebb::object_pool<widget> pool;
  };
  std::map<int, owner> owners;
  for (int i = 0; i < 10; ++i) owners[i].pool.get().reset();
  std::optional<owner> maybe;
  maybe.emplace();
  maybe->pool.get().reset();
  maybe.reset();
  owners.erase(5);
  ebb::collect();
  EXPECT_EQ(owners[6].pool.stats().idle, 1u);
}

}  // namespace
