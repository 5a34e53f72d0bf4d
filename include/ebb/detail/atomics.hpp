// The atomics that the library uses: those of the standard library, unless the model checker stands in for
// them. Aliases, so that nothing but a model build is different (tests/model/same_code.sh compares).
#pragma once

#include <atomic>

#include <ebb/detail/config.hpp>

#if EBB_MODEL
#include <model/atomics.hpp>  // tests/model/
#else

namespace ebb::detail {

template <class T>
using atomic = std::atomic<T>;

template <class T>
using atomic_ref = std::atomic_ref<T>;

}  // namespace ebb::detail

#endif
