// The commands of ebb_bench that give a process to one system.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <memory>
#include <string>

#include "harness/peer.hpp"
#include "tasks.hpp"

namespace bench {

// `add_arguments(command, task)` says where the members of a Task come from.
template <class Task>
void add_alone_command(CLI::App& app, int& status, const std::string& help, auto add_arguments) {
  struct arguments {
    std::string system;
    Task task{};
  };
  const auto given = std::make_shared<arguments>();
  CLI::App* const command = app.add_subcommand(Task::name, help);
  command->add_option("SYSTEM", given->system)->required();
  add_arguments(*command, given->task);
  command->callback([given, &status] { status = peer_of(given->system).run_alone(given->task); });
}

// The commands run while `app` parses, and leave in `status` what main() should return.
inline void add_alone_commands(CLI::App& app, int& status) {
  constexpr std::uint64_t mib = 1 << 20;
  const auto count = [](CLI::App& command, auto& task) {
    command.add_option("COUNT", task.count)->required()->check(CLI::Range(1, 10'000'000));
  };
  add_alone_command<memory_task>(
      app, status, "fill, empty, then work lightly, a step for each line of input, to watch the memory",
      [](CLI::App& command, memory_task& task) {
        command.add_option("BYTES", task.bytes)->required()->check(CLI::Range(mib, 65536 * mib));
        command.add_option("THREADS", task.threads)->required()->check(CLI::Range(1, 256));
      });
  add_alone_command<churn_task>(app, status, "threads that come and go", count);
  add_alone_command<pools_task>(app, status, "very many pools", count);
  add_alone_command<count_task>(app, status, "a few operations, for ebb_step",
                                [](CLI::App&, count_task&) {});
}

}  // namespace bench
