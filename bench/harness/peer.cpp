#include "peer.hpp"

#include <algorithm>
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

std::vector<const peer*> all_peers() {
  std::vector<const peer*> sorted = registered();
  std::ranges::sort(sorted, {}, &peer::name);
  return sorted;
}

}  // namespace bench
