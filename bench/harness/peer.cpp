#include "peer.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <utility>

namespace bench {

namespace {

// Peers are globals of many files: whoever comes first makes the list.
std::vector<const peer*>& registered() {
  static std::vector<const peer*> list;
  return list;
}

}  // namespace

peer::peer(peer_facts facts) : facts_(std::move(facts)) { registered().push_back(this); }

int peer::run_alone(const alone_task& task) const {
  const char* const what = std::visit([](const auto& t) { return t.name; }, task);
  std::fprintf(stderr, "ebb_bench: %s takes no part in %s\n", name().c_str(), what);
  return no_part;
}

std::vector<const peer*> all_peers() {
  std::vector<const peer*> sorted = registered();
  std::ranges::sort(sorted, {}, &peer::name);
  return sorted;
}

const peer& peer_of(std::string_view name) {
  for (const peer* p : all_peers()) {
    if (p->name() != name) continue;
    // Only this one is asked: to find out, an allocator is loaded.
    if (const std::string why = p->why_missing(); !why.empty()) {
      throw std::invalid_argument(p->name() + " cannot be used here: " + why);
    }
    return *p;
  }
  std::string valid;
  for (const peer* p : all_peers()) {
    if (p->why_missing().empty()) valid += " " + p->name();
  }
  throw std::invalid_argument("no system is called \"" + std::string(name) + "\"; valid are" + valid);
}

}  // namespace bench
