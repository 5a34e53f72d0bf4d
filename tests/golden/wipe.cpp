// A secret that is written and never read again, for check_wipe.sh to see that it is overwritten all the
// same.
#include <cstring>
#include <string_view>
#include <utility>

#include <ebb/buffer_pool.hpp>

extern "C" {
void golden_secret(std::string_view secret);
void golden_put(ebb::buffer_pool& pool, ebb::detached_buffer& memory);
}

void golden_secret(std::string_view secret) {
  ebb::buffer_pool pool{{.on_put = ebb::scrub::zero}};
  ebb::pooled_buffer buffer = pool.get(0);
  buffer.append(secret);
}
void golden_put(ebb::buffer_pool& pool, ebb::detached_buffer& memory) { pool.put(std::move(memory)); }
