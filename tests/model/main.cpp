// usage: PROGRAM [--list] [--trace] [--bound N] [SCENARIO...]       without names: all scenarios
// Exit status: 0 all is well and every scenario was exhausted, 1 something is wrong, 2 bad arguments, 3 the
// checker gave up (its own limits; says nothing about the scenario).
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "scenario.hpp"

extern "C" void* model_new(std::size_t bytes, std::size_t alignment);
extern "C" void model_delete(void* p);

void* operator new(std::size_t bytes) { return model_new(bytes, 16); }
void* operator new(std::size_t bytes, std::align_val_t a) {
  return model_new(bytes, static_cast<std::size_t>(a));
}
void operator delete(void* p) noexcept { model_delete(p); }
void operator delete(void* p, std::size_t) noexcept { model_delete(p); }
void operator delete(void* p, std::align_val_t) noexcept { model_delete(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { model_delete(p); }

namespace {

using ebb::model::options;
using ebb::model::scenario;

// In a process of its own: what it leaves in the library's globals is nobody's business.
int run(const scenario& s) {
  std::printf("%-28s ", s.name);
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    s.run();
    std::fflush(stdout);
    _exit(0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return ebb::model::gave_up;
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  std::printf("GAVE UP: signal %d\n", WTERMSIG(status));
  return ebb::model::gave_up;
}

[[noreturn]] void bad(const std::string& what) {
  std::fprintf(stderr, "%s; usage: [--list] [--trace] [--bound N] [SCENARIO...]\n", what.c_str());
  std::exit(ebb::model::bad_arguments);
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<const scenario*> chosen;
  for (int i = 1; i < count; ++i) {
    const std::string a = arguments[i];
    if (a == "--list") {
      for (const scenario* s = scenario::first; s != nullptr; s = s->next) std::puts(s->name);
      return 0;
    }
    if (a == "--trace") {
      options().trace = true;
    } else if (a == "--bound") {
      char* end = nullptr;
      const long n = i + 1 < count ? std::strtol(arguments[++i], &end, 10) : -1;
      if (n < 0 || n > 100 || *end != '\0') bad("--bound needs a number, 0 to 100");
      options().bound = static_cast<int>(n);
    } else {
      const scenario* s = scenario::first;
      while (s != nullptr && s->name != a) s = s->next;
      if (s == nullptr) bad("\"" + a + "\" is not a scenario; --list prints them");
      chosen.push_back(s);
    }
  }
  if (chosen.empty()) {
    for (const scenario* s = scenario::first; s != nullptr; s = s->next) chosen.insert(chosen.begin(), s);
  }
  int worst = 0;
  for (const scenario* s : chosen) {
    const int status = run(*s);
    if (status != 0 && worst != ebb::model::wrong) worst = status;
  }
  return worst;
}
