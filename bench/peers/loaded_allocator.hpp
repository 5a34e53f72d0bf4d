// A malloc() beside glibc's in one process: from a shared library that is opened when it is first asked
// for, in a way that nobody else's calls go there. It is called through a pointer, as others are through
// the table of a dynamically linked program. A Library has
//   file                    of the shared library
//   package                 Debian's name of what has the file
//   own_function            a function that no other library has
//   version(find)           static: its version, where find(symbol) is the address of a function of it
#pragma once

#include <dlfcn.h>

#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>

#include "allocated.hpp"
#include "harness/payload.hpp"

namespace bench {

using find_function = std::function<void*(const char* symbol)>;

struct opened_library {
  void* (*malloc)(std::size_t) = nullptr;
  void (*free)(void*) = nullptr;
  find_function find = {};
  std::string why_missing = {};
};

namespace opening {

// What dlsym() finds may be of a library that this one needs, such as glibc.
inline bool are_of_one_library(const void* a, const void* b) {
  Dl_info of_a{};
  Dl_info of_b{};
  return dladdr(a, &of_a) != 0 && dladdr(b, &of_b) != 0 && of_a.dli_fbase == of_b.dli_fbase;
}

inline bool under_a_sanitizer() {
  return dlsym(RTLD_DEFAULT, "__asan_init") != nullptr || dlsym(RTLD_DEFAULT, "__tsan_init") != nullptr;
}

// The library is never closed: its threads' destructors and
// fork handlers stay registered.
inline opened_library open(const char* file, const std::string& package, const char* own) {
  // Sanitizers end a program that calls dlopen() with RTLD_DEEPBIND.
  if (under_a_sanitizer()) return {.why_missing = "not in a program with a sanitizer"};
  void* const library = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  if (library == nullptr) {
    std::string why = dlerror();
    if (why.find("static TLS") != std::string::npos) {
      why += "; set GLIBC_TUNABLES=glibc.rtld.optional_static_tls=4096";
    } else {
      why += "; Debian's package is " + package;
    }
    return {.why_missing = why};
  }
  void* const of_this = dlsym(library, own);
  void* const its_malloc = dlsym(library, "malloc");
  void* const its_free = dlsym(library, "free");
  if (!are_of_one_library(of_this, its_malloc) || !are_of_one_library(of_this, its_free)) {
    return {.why_missing = std::string(file) + " has no malloc() and free() of its own"};
  }
  return {.malloc = reinterpret_cast<void* (*)(std::size_t)>(its_malloc),
          .free = reinterpret_cast<void (*)(void*)>(its_free),
          .find = [library](const char* symbol) { return dlsym(library, symbol); }};
}

}  // namespace opening

template <class Library>
class loaded_functions {
 public:
  [[gnu::always_inline]] static void* allocate() { return malloc_(sizeof(payload)); }
  [[gnu::always_inline]] static void deallocate(void* memory) { free_(memory); }

  static const opened_library& library() {
    static const opened_library opened = [] {
      opened_library result = opening::open(Library::file, Library::package, Library::own_function);
      malloc_ = result.malloc;
      free_ = result.free;
      return result;
    }();
    return opened;
  }

 private:
  static inline void* (*malloc_)(std::size_t) = nullptr;
  static inline void (*free_)(void*) = nullptr;
};

template <class Library>
class loaded_allocator : public allocated<loaded_functions<Library>> {
 public:
  loaded_allocator() {
    if (!why_missing().empty()) throw std::runtime_error(why_missing());
  }
  static std::string why_missing() { return loaded_functions<Library>::library().why_missing; }
  static std::string version() {
    return why_missing().empty() ? Library::version(loaded_functions<Library>::library().find) : "unknown";
  }
};

}  // namespace bench
