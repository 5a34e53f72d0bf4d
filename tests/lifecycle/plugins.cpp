// plugins N FILE...: loads and unloads shared objects N times while four threads live on that have used
// their pools. After each dlclose every thread gets a signal, for which the kernel looks at the critical
// section that the thread ran last.
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <barrier>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

namespace {

constexpr int user_count = 4;
std::atomic<int> handled{0};

}  // namespace

int main(int argc, char** argv) {
  int count = 0;
  if (argc < 3 || std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), count).ec != std::errc{} ||
      count < 1) {
    std::fputs("plugins: the arguments are how often, and shared objects\n", stderr);
    return 2;
  }
  (void)signal(SIGUSR1, [](int) { ++handled; });
  void (*work)(int) = nullptr;  // written between the barriers
  std::barrier start(user_count + 1);
  std::barrier worked(user_count + 1);
  std::barrier<> closed(user_count + 1);
  std::vector<std::thread> users;
  for (int i = 0; i < user_count; ++i) {
    users.emplace_back([&] {
      for (;;) {
        start.arrive_and_wait();
        if (work == nullptr) return;
        work(20);
        worked.arrive_and_wait();
        closed.arrive_and_wait();
      }
    });
  }
  int unmapped = 0;
  for (int round = 0; round < count; ++round) {
    const char* const file = argv[2 + round % (argc - 2)];
    void* const plugin = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    void* const symbol = plugin == nullptr ? nullptr : dlsym(plugin, "plugin_work");
    void* const check = plugin == nullptr ? nullptr : dlsym(plugin, "plugin_check");
    if (symbol == nullptr || check == nullptr) {
      std::fprintf(stderr, "plugins: %s\n", dlerror());
      return 2;
    }
    work = reinterpret_cast<void (*)(int)>(symbol);
    start.arrive_and_wait();
    worked.arrive_and_wait();
    reinterpret_cast<void (*)()>(check)();
    (void)dlclose(plugin);
    void* const still = dlopen(file, RTLD_NOW | RTLD_NOLOAD);
    if (still == nullptr) {
      ++unmapped;
    } else {
      (void)dlclose(still);
    }
    if (round == 0) {
      std::printf("the plug-in is %s after dlclose\n", still == nullptr ? "unmapped" : "still mapped");
      (void)std::fflush(stdout);
    }
    const int before = handled;
    for (std::thread& t : users) (void)pthread_kill(t.native_handle(), SIGUSR1);
    while (handled < before + user_count) std::this_thread::yield();
    closed.arrive_and_wait();
  }
  work = nullptr;
  start.arrive_and_wait();
  for (std::thread& t : users) t.join();
  std::printf("%d rounds, unmapped %d times\n", count, unmapped);
}
