#include "request.hpp"

namespace catalog {

void request::clear() noexcept {
  method = http::verb::unknown;
  accepted = coding::identity;
  may_chunk = false;
  status = http::status::ok;
  is_list = false;
  matches.clear();
  for (std::string* s : {&target, &path, &code, &text, &prefix, &body, &head}) s->clear();
}

std::size_t request::kept_bytes() const noexcept {
  std::size_t bytes = matches.capacity() * sizeof(const record*);
  for (const std::string* s : {&target, &path, &code, &text, &prefix, &body, &head}) bytes += s->capacity();
  return bytes;
}

}  // namespace catalog
