// Runs a program in a sandbox: deny CALL[:ARGUMENT]=ANSWER... -- PROGRAM [ARGUMENT...]
//
//   CALL      rseq, membarrier, sched_getaffinity
//   ARGUMENT  only calls with this number as their first argument
//   ANSWER    EPERM, ENOSYS or ENOMEM; ok (returns 0 and does nothing); kill (ends the process, SIGSYS)
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string_view>

#include "refuse.hpp"

namespace {

using ebb::test::fail_with;
using ebb::test::refusal;

[[noreturn]] void usage(const char* argument) {
  std::fprintf(stderr, "deny: \"%s\"; usage: deny CALL[:ARGUMENT]=ANSWER... -- PROGRAM [ARGUMENT...]\n",
               argument);
  std::exit(2);
}

refusal parse(const char* argument) {
  static const std::map<std::string_view, long> calls{
      {"rseq", SYS_rseq}, {"membarrier", SYS_membarrier}, {"sched_getaffinity", SYS_sched_getaffinity}};
  static const std::map<std::string_view, std::uint32_t> answers{{"EPERM", fail_with(EPERM)},
                                                                 {"ENOSYS", fail_with(ENOSYS)},
                                                                 {"ENOMEM", fail_with(ENOMEM)},
                                                                 {"ok", fail_with(0)},
                                                                 {"kill", SECCOMP_RET_KILL_PROCESS}};
  const std::string_view text = argument;
  const std::size_t equals = text.find('=');
  if (equals == text.npos) usage(argument);
  const std::string_view what = text.substr(0, equals);
  const std::size_t colon = what.find(':');
  const auto call = calls.find(what.substr(0, colon));
  const auto answer = answers.find(text.substr(equals + 1));
  if (call == calls.end() || answer == answers.end()) usage(argument);

  refusal r{.call = static_cast<std::uint32_t>(call->second), .action = answer->second};
  if (colon != what.npos) {
    const std::string_view number = what.substr(colon + 1);
    std::uint32_t with = 0;
    const auto [stopped, error] = std::from_chars(number.data(), number.data() + number.size(), with);
    if (error != std::errc{} || stopped != number.data() + number.size()) usage(argument);
    r.with = with;
  }
  return r;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<refusal> refusals;
  int i = 1;
  for (; i < argc && std::strcmp(argv[i], "--") != 0; ++i) refusals.push_back(parse(argv[i]));
  if (i + 1 >= argc) usage("no program");
  if (const int error = ebb::test::refuse(refusals); error != 0) {
    std::fprintf(stderr, "deny: no filter: %s\n", std::strerror(error));
    return 125;
  }
  ::execvp(argv[i + 1], argv + i + 1);
  std::fprintf(stderr, "deny: %s: %s\n", argv[i + 1], std::strerror(errno));
  return 127;
}
