// Every system that the cases run on. One file per system.
#pragma once

#include "ebb_pool.hpp"
#include "mutex_vector.hpp"
#include "new_delete.hpp"
#include "tls_list.hpp"
#include "tls_raw.hpp"
