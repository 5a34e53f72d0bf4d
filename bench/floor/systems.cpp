// The least that get and put can be as restartable sequences, on x86-64, and what each part of them takes:
// the sections of ebbpool around nothing but a slot for each CPU. No bank that can change, no look whether
// there is rseq, no handle, no statistics, no way on from a miss.
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <ebb/detail/percpu/shard.hpp>

#include "harness/object_peer.hpp"
#include "peers/pointer_pool.hpp"

#if EBB_HAS_RSEQ && defined(__x86_64__)

namespace bench {

namespace {

using ebb::detail::percpu::layout;

constexpr int slot_shift = 11;
constexpr std::size_t most_slots = 256;
constexpr std::size_t slot_objects = 126;

// What a CPU has, for either of two ways to find its newest object.
struct alignas(1 << slot_shift) slot {
  // By its address: the word below the oldest is null, and a full slot ends on a multiple of 1024.
  void** top = &by_top[1];
  // By their number, in the same line as the first of them.
  std::size_t count = 0;
  void* by_count[slot_objects] = {};
  alignas(1024) void* by_top[slot_objects + 2] = {};
};
static_assert(sizeof(slot) == 1 << slot_shift);

// What others may take from a CPU, on a line of its own: as a depot is.
struct alignas(64) shared_slot {
  std::atomic<std::uint64_t> head{0};
};

slot slots[most_slots];
shared_slot shared_slots[most_slots];

#define FLOOR_DESCRIPTOR                        \
  ".pushsection __rseq_cs, \"aw?\"\n"           \
  ".balign 32\n"                                \
  "3: .long 0, 0\n"                             \
  ".quad 1f, 2f - 1f, 4f\n"                     \
  ".popsection\n"                               \
  ".pushsection __rseq_cs_ptr_array, \"aw?\"\n" \
  ".quad 3b\n"                                  \
  ".popsection\n"                               \
  ".pushsection __rseq_failure, \"ax?\"\n"      \
  ".byte 0x0f, 0xb9, 0x3d\n"                    \
  ".long 0x53053053\n"                          \
  "4: jmp 5f\n"                                 \
  ".popsection\n"

// How a section begins. The offset of the rseq area is in a register of the caller's, or it is read each
// time.
#define FLOOR_ARMED                 \
  FLOOR_DESCRIPTOR                  \
  "5: leaq 3b(%%rip), %[slot]\n"    \
  "movq %[slot], %%fs:8(%[area])\n" \
  "1:\n"
#define FLOOR_ARMED_READING        \
  FLOOR_DESCRIPTOR                 \
  "5: leaq 3b(%%rip), %[slot]\n"   \
  "movq %[area], %[top]\n"         \
  "movq %[slot], %%fs:8(%[top])\n" \
  "1:\n"
#define FLOOR_UNARMED ""

// Whose slot.
#define FLOOR_THIS_CPU            \
  "movl %%fs:(%[id]), %k[slot]\n" \
  "shlq %[shift], %[slot]\n"      \
  "addq %[slots], %[slot]\n"
#define FLOOR_ONE_CPU "movq %[slots], %[slot]\n"

// How the newest object is found; the last instruction commits.
#define FLOOR_POP_BY_TOP               \
  "movq %c[top_at](%[slot]), %[top]\n" \
  "movq (%[top]), %[object]\n"         \
  "testq %[object], %[object]\n"       \
  "jz %l[miss]\n"                      \
  "subq $8, %c[top_at](%[slot])\n"     \
  "2:\n"
#define FLOOR_PUSH_BY_TOP              \
  "movq %c[top_at](%[slot]), %[top]\n" \
  "addq $8, %[top]\n"                  \
  "testl $1023, %k[top]\n"             \
  "jz %l[miss]\n"                      \
  "movq %[object], (%[top])\n"         \
  "addq $8, %c[top_at](%[slot])\n"     \
  "2:\n"
#define FLOOR_POP_BY_COUNT                                   \
  "movq %c[count_at](%[slot]), %[top]\n"                     \
  "testq %[top], %[top]\n"                                   \
  "jz %l[miss]\n"                                            \
  "movq %c[objects_at] - 8(%[slot], %[top], 8), %[object]\n" \
  "decq %[top]\n"                                            \
  "movq %[top], %c[count_at](%[slot])\n"                     \
  "2:\n"
#define FLOOR_PUSH_BY_COUNT                              \
  "movq %c[count_at](%[slot]), %[top]\n"                 \
  "cmpq %[most], %[top]\n"                               \
  "je %l[miss]\n"                                        \
  "movq %[object], %c[objects_at](%[slot], %[top], 8)\n" \
  "incq %[top]\n"                                        \
  "movq %[top], %c[count_at](%[slot])\n"                 \
  "2:\n"

#define FLOOR_IN(area_in)                                                                                 \
  [area] area_in(layout.area), [id] "r"(layout.id), [slots] "r"(slots), [shift] "i"(slot_shift),          \
      [most] "i"(slot_objects), [top_at] "i"(offsetof(slot, top)), [count_at] "i"(offsetof(slot, count)), \
      [objects_at] "i"(offsetof(slot, by_count))

#define FLOOR_SYSTEM(system, armed, area_in, whose, found, threads)                  \
  struct system {                                                                    \
    static constexpr unsigned most_threads = threads;                                \
    [[gnu::always_inline]] static void* pop() {                                      \
      void* object;                                                                  \
      void* top;                                                                     \
      void* at;                                                                      \
      asm volatile goto(armed whose FLOOR_POP_##found                                \
                        : [object] "=&r"(object), [top] "=&r"(top), [slot] "=&r"(at) \
                        : FLOOR_IN(area_in)                                          \
                        : "memory", "cc"                                             \
                        : miss);                                                     \
      return object;                                                                 \
    miss:                                                                            \
      return nullptr;                                                                \
    }                                                                                \
    [[gnu::always_inline]] static bool push(void* object) {                          \
      void* top;                                                                     \
      void* at;                                                                      \
      asm volatile goto(armed whose FLOOR_PUSH_##found                               \
                        : [top] "=&r"(top), [slot] "=&r"(at)                         \
                        : FLOOR_IN(area_in), [object] "r"(object)                    \
                        : "memory", "cc"                                             \
                        : miss);                                                     \
      return true;                                                                   \
    miss:                                                                            \
      return false;                                                                  \
    }                                                                                \
  };                                                                                 \
  const object_peer<floor_pool<system>> entry_of_##system {                          \
    { .name = #system, .why_missing = why_missing }                                  \
  }

// The two ids that a shard can go by are below the number of CPUs.
std::string why_missing() {
  if (layout.area == 0) return "there is no rseq";
  return sysconf(_SC_NPROCESSORS_CONF) <= static_cast<long>(most_slots) ? "" : "too many CPUs";
}

// Bare pointers, as tls_raw has.
template <class Sections>
class floor_pool {
 public:
  static constexpr bool one_per_process = true;
  static constexpr unsigned max_threads = Sections::most_threads;
  // In a hand-over it makes each, and of longer bursts most.
  static bool takes_part(std::string_view what) {
    return what != handover_case::name && what != burst_case<1000>::name;
  }
  using item = payload*;

  [[gnu::always_inline]] item get() {
    payload* const object = try_get();
    return object != nullptr ? object : make_payload();
  }
  [[gnu::always_inline]] item try_get() { return static_cast<payload*>(Sections::pop()); }
  [[gnu::always_inline]] void put(item& object) {
    if (!Sections::push(object)) delete object;
  }
};

// What floor_pool lacks in starvation: a handle that puts, as all but the bare lists have, and a look, when
// nothing is here, whether another CPU has something to take. (It never does: who had more than fits would
// have to put it there.)
template <class Sections>
class shared_slots_of {
 public:
  [[gnu::always_inline]] payload* pop() {
    void* const object = Sections::pop();
    if (object == nullptr) look_elsewhere();
    return static_cast<payload*>(object);
  }
  [[gnu::always_inline]] static bool push(payload* object) { return Sections::push(object); }

 private:
  [[gnu::always_inline]] void look_elsewhere() const {
    for (std::size_t i = 0; i < cpus_; ++i) {
      if (shared_slots[i].head.load(std::memory_order_acquire) != 0) std::abort();
    }
  }

  const std::size_t cpus_ = static_cast<std::size_t>(sysconf(_SC_NPROCESSORS_CONF));
};

template <class Sections>
struct sharing_pool : pointer_pool<shared_slots_of<Sections>> {
  static constexpr bool one_per_process = true;
  static bool takes_part(std::string_view what) { return what == starvation_case::name; }
};

FLOOR_SYSTEM(floor_top, FLOOR_ARMED, "r", FLOOR_THIS_CPU, BY_TOP, 1024);
FLOOR_SYSTEM(floor_top_reading, FLOOR_ARMED_READING, "m", FLOOR_THIS_CPU, BY_TOP, 1024);
FLOOR_SYSTEM(floor_count, FLOOR_ARMED, "r", FLOOR_THIS_CPU, BY_COUNT, 1024);
FLOOR_SYSTEM(floor_count_reading, FLOOR_ARMED_READING, "m", FLOOR_THIS_CPU, BY_COUNT, 1024);
const object_peer<sharing_pool<floor_top>> entry_of_sharing{
    {.name = "floor_top_sharing", .why_missing = why_missing}};
// Not restartable, so right for one thread alone.
FLOOR_SYSTEM(floor_top_unarmed, FLOOR_UNARMED, "m", FLOOR_THIS_CPU, BY_TOP, 1);
FLOOR_SYSTEM(floor_count_unarmed, FLOOR_UNARMED, "m", FLOOR_THIS_CPU, BY_COUNT, 1);
FLOOR_SYSTEM(floor_top_one_cpu, FLOOR_UNARMED, "m", FLOOR_ONE_CPU, BY_TOP, 1);
FLOOR_SYSTEM(floor_count_one_cpu, FLOOR_UNARMED, "m", FLOOR_ONE_CPU, BY_COUNT, 1);

}  // namespace

}  // namespace bench

#endif
