// What waits under a lock: the standard library's, unless the model checker stands in for it.
#pragma once

#include <ebb/detail/config.hpp>

#if EBB_MODEL
#include <model/mutex.hpp>  // tests/model/
#else

#include <condition_variable>
#include <mutex>

namespace ebb::detail {

using mutex = std::mutex;
using condition_variable = std::condition_variable;

}  // namespace ebb::detail

#endif
