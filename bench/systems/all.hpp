// Every system that the cases of objects run on. One file per system.
#pragma once

#include "ebb_pool.hpp"
#include "ebb_tiers.hpp"
#include "mutex_vector.hpp"
#include "new_delete.hpp"
#include "tls_list.hpp"
#include "tls_raw.hpp"
