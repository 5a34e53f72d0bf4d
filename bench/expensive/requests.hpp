// The requests that a server's expensive objects work on: JSON of about 1 KiB each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/random_sizes.hpp"

namespace bench {

// How many different requests there are; they come in turns.
inline constexpr std::size_t request_count = 4;

struct request {
  std::string body;
  std::uint64_t total;  // quantity times price of all items: what whoever reads the body should find
};

inline request make_request(std::size_t number) {
  static constexpr std::array<std::string_view, 8> words = {"amber", "kettle",  "willow", "copper",
                                                            "stone", "lantern", "velvet", "harbour"};
  random_sizes random;
  for (std::size_t skipped = 0; skipped < 17 * number; ++skipped) (void)random.below(1);
  const auto word = [&] { return std::string(words[random.below(words.size())]); };
  const auto digits = [&](std::uint64_t low, std::uint64_t high) {
    return std::to_string(random.between(low, high));
  };

  const std::string user = word() + "." + word();
  request made{R"({"id": )" + digits(100'000, 999'999) + R"(, "user": {"name": ")" + user +
                   R"(", "email": ")" + user + R"(@example.com", "active": true}, "items": [)",
               0};
  for (bool first = true; made.body.size() < 950; first = false) {
    const std::uint64_t quantity = random.between(1, 9);
    const std::uint64_t price = random.between(100, 9999);
    made.total += quantity * price;
    made.body += std::string(first ? "" : ", ") + R"({"sku": "K-)" + digits(10'000, 99'999) +
                 R"(", "title": ")" + word() + " " + word() + R"(", "quantity": )" +
                 std::to_string(quantity) + R"(, "price": )" + std::to_string(price) + "}";
  }
  made.body += R"(], "note": null})";
  return made;
}

inline const std::array<request, request_count> requests = {make_request(0), make_request(1),
                                                            make_request(2), make_request(3)};

}  // namespace bench
