// Every container of the standard library over one allocator, filled, changed, copied, moved, and checked.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <deque>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace ebb::test {

// `Alloc` is an allocator of any type.
template <class Alloc>
class every_container {
  template <class T>
  using rebound = typename std::allocator_traits<Alloc>::template rebind_alloc<T>;
  using text = std::basic_string<char, std::char_traits<char>, rebound<char>>;
  template <class T>
  using vector = std::vector<T, rebound<T>>;
  template <class T>
  using deque = std::deque<T, rebound<T>>;

 public:
  explicit every_container(const Alloc& a) : alloc_(a) {}

  void use() const {
    sequences();
    sets();
    maps();
    adaptors();
    nested();
  }

 private:
  static constexpr int count = 1000;

  // Longer than any string keeps in itself.
  [[nodiscard]] text words(int i) const {
    text t("a string that is too long to be kept without memory: ", alloc_);
    t += std::to_string(i);
    return t;
  }

  // Copies, moves and swaps; every step must keep what is in there.
  template <class Container>
  void change_hands(const Container& original) const {
    Container copy(original, alloc_);
    EXPECT_EQ(copy, original);
    Container moved(std::move(copy));
    EXPECT_EQ(moved, original);
    copy = Container(original);  // pmr: with another resource than `copy` has
    EXPECT_EQ(moved, copy);
    Container assigned(alloc_);
    assigned = copy;
    EXPECT_EQ(assigned, moved);
    Container other(alloc_);
    swap(other, assigned);
    EXPECT_EQ(other, moved);
    EXPECT_TRUE(assigned.empty());
    assigned = std::move(other);
    EXPECT_EQ(assigned, moved);
    moved.clear();
    EXPECT_EQ(assigned, copy);
  }

  void sequences() const {
    vector<int> v(alloc_);
    deque<int> d(alloc_);
    std::list<int, rebound<int>> l(alloc_);
    std::forward_list<int, rebound<int>> f(alloc_);
    vector<bool> bits(alloc_);
    text t(alloc_);
    for (int i = 0; i < count; ++i) {
      v.push_back(i);
      d.push_front(i);
      l.push_back(i);
      f.push_front(i);
      bits.push_back(i % 3 == 0);
      t.push_back(static_cast<char>('a' + i % 26));
    }
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      ASSERT_EQ(v[at], i);
      ASSERT_EQ(d[at], count - 1 - i);
      ASSERT_EQ(bits[at], i % 3 == 0);
      ASSERT_EQ(t[at], 'a' + i % 26);
    }
    f.reverse();
    EXPECT_TRUE(std::equal(l.begin(), l.end(), f.begin(), f.end()));
    l.remove_if([](int i) { return i % 2 == 0; });
    EXPECT_EQ(l.size(), count / 2u);
    v.erase(v.begin() + 10, v.end());
    v.shrink_to_fit();
    EXPECT_EQ(v.back(), 9);
    change_hands(v);
    change_hands(d);
    change_hands(l);
    change_hands(f);
    change_hands(bits);
    change_hands(t);
  }

  template <class Set>
  void set(std::size_t copies) const {
    Set s(alloc_);
    for (int i = 0; i < count; ++i) {
      s.insert(i * 7 % count);
      s.insert(i * 7 % count);
    }
    EXPECT_EQ(s.size(), copies * count);
    for (int i = 0; i < count; i += 2) EXPECT_EQ(s.erase(i), copies);
    EXPECT_EQ(s.size(), copies * count / 2);
    EXPECT_EQ(s.count(1), copies);
    EXPECT_EQ(s.count(2), 0u);
    change_hands(s);
  }
  void sets() const {
    set<std::set<int, std::less<>, rebound<int>>>(1);
    set<std::multiset<int, std::less<>, rebound<int>>>(2);
    set<std::unordered_set<int, std::hash<int>, std::equal_to<>, rebound<int>>>(1);
    set<std::unordered_multiset<int, std::hash<int>, std::equal_to<>, rebound<int>>>(2);
  }

  template <class Map>
  void map(std::size_t copies) const {
    Map m(alloc_);
    for (int i = 0; i < count; ++i) {
      m.emplace(i, words(i));
      m.emplace(i, words(i));
    }
    EXPECT_EQ(m.size(), copies * count);
    for (int i = 1; i < count; i += 2) EXPECT_EQ(m.erase(i), copies);
    for (const auto& [key, value] : m) {
      ASSERT_EQ(key % 2, 0);
      ASSERT_EQ(value, words(key));
    }
    change_hands(m);
  }
  void maps() const {
    using pair = std::pair<const int, text>;
    map<std::map<int, text, std::less<>, rebound<pair>>>(1);
    map<std::multimap<int, text, std::less<>, rebound<pair>>>(2);
    map<std::unordered_map<int, text, std::hash<int>, std::equal_to<>, rebound<pair>>>(1);
    map<std::unordered_multimap<int, text, std::hash<int>, std::equal_to<>, rebound<pair>>>(2);
  }

  void adaptors() const {
    std::stack<int, deque<int>> s(alloc_);
    std::queue<int, deque<int>> q(alloc_);
    std::priority_queue<int, vector<int>> p(std::less<int>{}, vector<int>(alloc_));
    for (int i = 0; i < count; ++i) {
      s.push(i);
      q.push(i);
      p.push(i * 7 % count);
    }
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(s.top(), count - 1 - i);
      ASSERT_EQ(q.front(), i);
      ASSERT_EQ(p.top(), count - 1 - i);
      s.pop();
      q.pop();
      p.pop();
    }
  }

  void nested() const {
    vector<text> strings(alloc_);
    vector<vector<text>> rows(alloc_);
    for (int i = 0; i < count; ++i) {
      strings.push_back(words(i));
      if (i % 100 == 99) rows.push_back(strings);
    }
    EXPECT_EQ(rows.size(), 10u);
    EXPECT_EQ(rows[4].size(), 500u);
    EXPECT_EQ(rows[9].back(), words(999));
    change_hands(rows);
  }

  Alloc alloc_;
};

}  // namespace ebb::test
