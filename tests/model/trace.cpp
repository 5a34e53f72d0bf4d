// A failing schedule, for a reader: one line per step.
#include <cstdio>
#include <cstring>

#include "machine.hpp"

namespace ebb::model {

namespace {

struct named {
  std::uintptr_t begin, end;
  const char* what;
};
std::vector<named> names;

using text = std::array<char, 96>;

text name_of(const void* at) {
  const auto address = reinterpret_cast<std::uintptr_t>(at);
  const named* best = nullptr;  // the smallest that contains it
  for (const named& n : names) {
    if (address < n.begin || address >= n.end) continue;
    if (best == nullptr || n.end - n.begin <= best->end - best->begin) best = &n;
  }
  text out;
  if (best == nullptr) {
    std::snprintf(out.data(), out.size(), "%p", at);
  } else if (address == best->begin) {
    std::snprintf(out.data(), out.size(), "%s", best->what);
  } else {
    std::snprintf(out.data(), out.size(), "%s+%zu", best->what,
                  static_cast<std::size_t>(address - best->begin));
  }
  return out;
}

const char* name_of(order o) {
  switch (o) {
    case std::memory_order_relaxed: return "relaxed";
    case std::memory_order_acquire: return "acquire";
    case std::memory_order_release: return "release";
    case std::memory_order_acq_rel: return "acq_rel";
    default: return "?";
  }
}

// Without the types that __PRETTY_FUNCTION__ lists.
text function_of(const place& p) {
  const char* begin = p.function_name();
  const char* end = std::strchr(begin, '(');
  if (end == nullptr) end = begin + std::strlen(begin);
  for (const char* c = begin; c < end; ++c) {
    if (*c == ' ') begin = c + 1;
  }
  text out;
  std::snprintf(out.data(), out.size(), "%.*s", static_cast<int>(end - begin), begin);
  return out;
}

}  // namespace

void name(const void* at, std::size_t bytes, const char* what) {
  const auto begin = reinterpret_cast<std::uintptr_t>(at);
  names.push_back({begin, begin + bytes, what});
}

bool is_named(const void* at) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(at);
  for (const named& n : names) {
    if (address >= n.begin && address < n.end) return true;
  }
  return false;
}

void trace(const char* what, const void* at, std::uint64_t value, order o, place p, const char* remark) {
  if (!tracing) return;
  const char* const file = std::strrchr(p.file_name(), '/');
  std::printf("  thread %d  %-16s %-28s %-8s %#-14llx%s", this_thread(), what, name_of(at).data(),
              name_of(o), static_cast<unsigned long long>(value), remark);
  if (p.line() != 0) {
    std::printf("   %s:%u %s", file != nullptr ? file + 1 : p.file_name(), p.line(), function_of(p).data());
  }
  std::putchar('\n');
}

void trace_switch(int from, int to, bool preempted) {
  if (from < 0) {
    std::printf("  thread %d begins\n", to);
  } else if (from != to) {
    std::printf("  %s thread %d, and thread %d goes on\n",
                preempted ? "PREEMPTED:" : "ends or waits:", from, to);
  }
}

}  // namespace ebb::model
