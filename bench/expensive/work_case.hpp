// One unit of a request's work with one expensive object: taken, used, given back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "harness/keep.hpp"
#include "requests.hpp"

namespace bench {

using output_page = std::array<char, 4096>;

// A result of work() that is one number.
inline std::string_view as_result(std::uint64_t number, std::span<char> page) {
  std::memcpy(page.data(), &number, sizeof number);
  return {page.data(), sizeof number};
}
inline std::uint64_t as_number(std::string_view result) {
  std::uint64_t number = 0;
  if (result.size() == sizeof number) std::memcpy(&number, result.data(), sizeof number);
  return number;
}

// An Object is a type with
//   name                         of the case
//   library()                    whose it is, and its version; "" if it is part of this repository
//   Object()                     makes it
//   reset()                      prepares it for its next user
//   work(input, page)            works on requests[input] or on something else that depends on `input`;
//                                returns what came out, in `page` or in the object: 8 bytes at least
//   is_right(result, input)      whether work(input) should return that; found out in some other way
template <class Object>
struct work_case {
  static constexpr const char* name = Object::name;
  static constexpr std::size_t operations = 1;

  template <class System>
  struct state {
    unsigned thread = 0;  // threads begin with different inputs
    std::size_t done = 0;
    output_page page;
  };

  // Throws when a new object's work is wrong, or when work on a used one depends on what it did before.
  // Must have run before anything is measured.
  static void check() {
    output_page page;
    std::array<std::string, request_count> right;
    for (std::size_t input = 0; input < request_count; ++input) {
      Object object;
      right[input] = object.work(input, page);
      if (!Object::is_right(right[input], input)) fail("the result of a new object is wrong", input);
      marks_[input] = mark(right[input]);
    }
    Object veteran;
    for (std::size_t pair = 0; pair < request_count * request_count; ++pair) {
      for (const std::size_t input : {pair / request_count, pair % request_count}) {
        if (veteran.work(input, page) != right[input]) fail("a used object works differently", input);
        veteran.reset();
      }
    }
  }

  template <class System>
  static void run(System& system, state<System>& mine, std::size_t repeats) {
    for (std::size_t i = 0; i < repeats; ++i) {
      const std::size_t input = (mine.thread + mine.done++) % request_count;
      auto object = system.get();
      const std::string_view result = object->work(input, mine.page);
      keep(result.data());
      if (mark(result) != marks_[input]) [[unlikely]]
        stop(System::name, input);
    }
  }

 private:
  // Enough of a result to see that it is the right one, at the price of a load and a multiplication.
  static std::uint64_t mark(std::string_view result) {
    std::uint64_t end = 0;
    std::memcpy(&end, result.data() + result.size() - sizeof end, sizeof end);
    return end ^ (result.size() * 0x9e3779b97f4a7c15U);
  }

  [[noreturn]] static void fail(const char* what, std::size_t input) {
    throw std::runtime_error(std::string(name) + ": " + what + ", input " + std::to_string(input));
  }
  // For a thread of a team, which must not throw.
  [[noreturn]] static void stop(const char* system, std::size_t input) {
    std::fprintf(stderr, "ebb_expensive: %s: wrong result with %s, input %zu\n", name, system, input);
    std::_Exit(2);
  }

  static inline std::array<std::uint64_t, request_count> marks_{};  // written by check()
};

}  // namespace bench
