// The pools of connections: how they are opened, checked, made ready for the next user.
#pragma once

#include <ebb/resource_pool.hpp>

#include "options.hpp"

namespace orders {

struct connections {
  explicit connections(const options& o);

  ebb::resource_pool<database> databases;
  ebb::resource_pool<cache> caches;
};

}  // namespace orders
