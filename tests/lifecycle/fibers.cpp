// fibers N: fibers get a token on one thread, are switched to another, and put it there; N hops in all. A
// thread pointer that the compiler keeps across the switch is another thread's.
#include <ucontext.h>

#include <charconv>
#include <cstring>

#include "inbox.hpp"
#include "tokens.hpp"

namespace {

using ebb::test::token;
using ebb::test::wrong;

constexpr long fiber_count = 32;

struct fiber {
  ucontext_t own;
  ucontext_t* back = nullptr;  // of the thread that runs it now; a thread_local of it would be kept, too
  long hops_left = 0;
  std::unique_ptr<char[]> stack;
};

ebb::object_pool<token>* pool = nullptr;
fiber* starting = nullptr;

// Get and put are inlined into one function, with the switch in between.
void run_fiber() {
  fiber& me = *starting;
  (void)swapcontext(&me.own, me.back);
  ebb::pooled<token> kept[3];
  for (long n = 0; me.hops_left > 0; ++n) {
    ebb::pooled<token>& one = kept[n % 3];
    if (one) one->give();
    one = pool->get();
    one->take();
    --me.hops_left;
    (void)swapcontext(&me.own, me.back);
    // Enough that threads meet, if one works on the shard of the other.
    for (int pairs = 0; pairs < 40; ++pairs) {
      ebb::pooled<token> brief = pool->get();
      brief->take();
      brief->give();
    }
  }
  for (auto& one : kept) {
    if (one) one->give();
    one.reset();
  }
  (void)swapcontext(&me.own, me.back);
}

void resume(fiber& f) {
  ucontext_t here;
  f.back = &here;
  (void)swapcontext(&here, &f.own);
}

}  // namespace

int main(int argc, char** argv) {
  long hops = 0;
  if (argc != 2 || std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), hops).ec != std::errc{} ||
      hops < 1) {
    std::fputs("fibers: the one argument is how many hops\n", stderr);
    return 2;
  }
  ebb::set_cycle_period(std::chrono::milliseconds{1});
  {
    ebb::object_pool<token> of_tokens;
    pool = &of_tokens;
    std::vector<fiber> fibers(fiber_count);
    std::vector<fiber*> all;
    constexpr std::size_t stack_bytes = 256 * 1024;
    for (fiber& f : fibers) {
      f.stack = std::make_unique<char[]>(stack_bytes);
      f.hops_left = (hops + fiber_count - 1) / fiber_count;
      (void)getcontext(&f.own);
      f.own.uc_stack.ss_sp = f.stack.get();
      f.own.uc_stack.ss_size = stack_bytes;
      makecontext(&f.own, run_fiber, 0);
      starting = &f;
      resume(f);
      all.push_back(&f);
    }
    // A fiber with hops left resumes once more, to put what it has.
    ebb::test::run_on_two_threads(all, [](fiber& f) {
      const bool more = f.hops_left > 0;
      resume(f);
      return more;
    });
    ebb::set_cycle_period(std::chrono::milliseconds{0});
    (void)ebb::test::check_all(of_tokens, 0);
  }
  if (token::made != token::destroyed)
    wrong("%ld made, %ld destroyed", token::made.load(), token::destroyed.load());
  std::printf("%ld hops\n", (hops + fiber_count - 1) / fiber_count * fiber_count);
}
