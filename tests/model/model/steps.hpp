// The steps that threads of a scenario take through the checker. What these functions do to memory is in
// memory.cpp, who takes the next step in schedule.cpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <source_location>

namespace ebb::model {

using order = std::memory_order;
using place = std::source_location;

std::uint64_t load(const void* at, unsigned bytes, order o, place p);
void store(void* at, unsigned bytes, std::uint64_t value, order o, place p);
std::uint64_t exchange(void* at, unsigned bytes, std::uint64_t value, order o, place p);
std::uint64_t fetch_add(void* at, unsigned bytes, std::uint64_t n, order o, place p);
bool compare_exchange(void* at, unsigned bytes, std::uint64_t& expected, std::uint64_t desired,
                      order success, order failure, place p);

void lock(const void* mutex, place p);
[[nodiscard]] bool try_lock(const void* mutex, place p);
void unlock(const void* mutex, place p);
void wait(const void* condition, const void* mutex, place p);
// The same, but it may also end by itself, at whatever time; returns whether it did.
[[nodiscard]] bool wait_some_time(const void* condition, const void* mutex, place p);
void notify_one(const void* condition, place p);
void notify_all(const void* condition, place p);
// Another thread goes next, if one can.
void yield(place p);

}  // namespace ebb::model
