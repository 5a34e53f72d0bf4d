// ByteBuffer16 and ByteBuffer1K: a buffer is taken, written into once, and put back.
#include <ebb/calibrated_buffer_pool.hpp>

#include <array>
#include <span>

#include "cases.hpp"
#include "harness/keep.hpp"

namespace bench::go {

namespace {

void run(unsigned threads, const amount& wanted, json_line& out, std::size_t bytes) {
  team crew(threads);
  ebb::calibrated_buffer_pool pool;
  // On a cache line of its own, where Go's allocator puts it; how long it is, is not known at compile time.
  alignas(64) std::array<std::byte, 1024> storage{};
  std::span<const std::byte> message(storage.data(), bytes);
  keep(&message);
  const outcome done = run_amount(crew, wanted, [&](unsigned, std::uint64_t count) {
    for (; count > 0; --count) {
      ebb::pooled_buffer buffer = pool.get();
      buffer.append(message);
      keep(buffer.data());
    }
  });
  out.add("ns_per_op", done.ns_per_operation());
}

}  // namespace

void byte_buffer_16(unsigned threads, const amount& wanted, json_line& out) {
  run(threads, wanted, out, 16);
}

void byte_buffer_1k(unsigned threads, const amount& wanted, json_line& out) {
  run(threads, wanted, out, 1024);
}

}  // namespace bench::go
