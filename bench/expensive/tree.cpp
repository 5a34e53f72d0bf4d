// A message of about 200 nested ones. As protobuf's Clear() does, reset() keeps all memory: the nodes,
// their strings and their vectors.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "registry.hpp"

namespace bench {

namespace {

// Children of a node on each level; a few more for some inputs and nodes.
constexpr std::array<std::size_t, 4> fan_out = {4, 6, 6, 0};

// What a node is made of, drawn in the order of a walk from the root.
struct node_plan {
  std::string_view name;
  std::size_t values;
  std::size_t children;

  node_plan(std::size_t level, std::size_t input, random_sizes& random)
      : name(std::string_view(requests[input].body).substr(random.below(400), random.between(20, 60))),
        values(random.between(4, 16)),
        children(fan_out[level] == 0 ? 0 : fan_out[level] + random.below(2 + input)) {}

  static std::uint32_t value(random_sizes& random) {
    return static_cast<std::uint32_t>(random.below(1000));
  }
};

std::uint64_t sum_of(std::string_view name) {
  return name.size() + static_cast<unsigned char>(name.front()) +
         3U * static_cast<unsigned char>(name.back());
}

class node {
 public:
  void fill(std::size_t level, std::size_t input, random_sizes& random) {
    const node_plan plan(level, input, random);
    name_ = plan.name;
    for (std::size_t i = 0; i < plan.values; ++i) values_.push_back(node_plan::value(random));
    for (std::size_t i = 0; i < plan.children; ++i) add_child().fill(level + 1, input, random);
  }

  [[nodiscard]] std::uint64_t sum() const {
    std::uint64_t total = sum_of(name_);
    for (const std::uint32_t value : values_) total += value;
    for (std::size_t i = 0; i < used_; ++i) total += children_[i]->sum();
    return total;
  }

  void clear() {
    name_.clear();
    values_.clear();
    for (std::size_t i = 0; i < used_; ++i) children_[i]->clear();
    used_ = 0;
  }

 private:
  node& add_child() {
    if (used_ == children_.size()) children_.push_back(std::make_unique<node>());
    return *children_[used_++];
  }

  std::string name_;
  std::vector<std::uint32_t> values_;
  std::vector<std::unique_ptr<node>> children_;  // from used_ on: cleared ones
  std::size_t used_ = 0;
};

// The sum of a tree that nobody built.
std::uint64_t planned_sum(std::size_t level, std::size_t input, random_sizes& random) {
  const node_plan plan(level, input, random);
  std::uint64_t total = sum_of(plan.name);
  for (std::size_t i = 0; i < plan.values; ++i) total += node_plan::value(random);
  for (std::size_t i = 0; i < plan.children; ++i) total += planned_sum(level + 1, input, random);
  return total;
}

class tree {
 public:
  static constexpr const char* name = "work_tree";
  static std::string library() { return ""; }

  void reset() { root_.clear(); }
  std::string_view work(std::size_t input, std::span<char> page) {
    random_sizes random;
    root_.fill(0, input, random);
    return as_result(root_.sum(), page);
  }
  static bool is_right(std::string_view result, std::size_t input) {
    random_sizes random;
    return as_number(result) == planned_sum(0, input, random);
  }

 private:
  node root_;
};

const expensive_object<tree> entry;

}  // namespace

}  // namespace bench
