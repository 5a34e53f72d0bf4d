// Keeps the optimiser from removing what is measured.
#pragma once

namespace bench {

// The compiler must assume that others look at `*object` and at everything else in memory. Always by a
// register: benchmark::DoNotOptimize lets the compiler choose memory, which can be a store more.
inline void keep(const void* object) { asm volatile("" : : "r"(object) : "memory"); }

}  // namespace bench
