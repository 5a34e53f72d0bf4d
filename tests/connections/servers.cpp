#include "servers.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <connections/clients.hpp>
#include <support/eventually.hpp>

namespace ebb::test {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// -1: as they are.
::pid_t spawn(std::vector<std::string> command, int input, int output) {
  std::vector<char*> arguments;
  for (std::string& a : command) arguments.push_back(a.data());
  arguments.push_back(nullptr);
  ::posix_spawn_file_actions_t actions;
  (void)::posix_spawn_file_actions_init(&actions);
  if (input >= 0) (void)::posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  if (output >= 0) (void)::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::pid_t child = -1;
  const int error = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  (void)::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail(error, command[0]);
  return child;
}

int exit_status(::pid_t child) noexcept {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::pair<descriptor, descriptor> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail(errno, "pipe2");
  return {descriptor(ends[0]), descriptor(ends[1])};
}

// As somebody who may run PostgreSQL, which root may not.
std::vector<std::string> as_postgres(std::vector<std::string> command) {
  if (::geteuid() == 0) {
    const auto words = {"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"};
    command.insert(command.begin(), words.begin(), words.end());
  }
  return command;
}

}  // namespace

fs::path find_program(const std::string& name) {
  std::vector<fs::path> folders;
  std::error_code none;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", none)) {
    folders.push_back(version.path() / "bin");
  }
  std::sort(folders.rbegin(), folders.rend());  // the newest first
  const char* const path = std::getenv("PATH");
  std::istringstream listed(path != nullptr ? path : "");
  for (std::string folder; std::getline(listed, folder, ':');) folders.emplace_back(folder);
  folders.emplace_back("/usr/sbin");
  folders.emplace_back("/sbin");
  for (const fs::path& folder : folders) {
    if (::access((folder / name).c_str(), X_OK) == 0) return folder / name;
  }
  return {};
}

bool run(const std::vector<std::string>& command, const fs::path& log) {
  const descriptor out(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  std::vector<std::string> shell{"sh", "-c", "exec \"$@\" 2>&1", "sh"};
  shell.insert(shell.end(), command.begin(), command.end());
  return exit_status(spawn(std::move(shell), -1, out.get())) == 0;
}

void supervised_program::start(const std::vector<std::string>& command, const std::string& signal,
                               const fs::path& folder) {
  std::vector<std::string> shell{"sh",         "-c",
                                 R"(signal=$1
                                    folder=$2
                                    exec 2>>"$folder/log"
                                    shift 2
                                    "$@" </dev/null >&2 &
                                    while read -r restart; do
                                      kill -s "$signal" $! && wait $!
                                      "$@" </dev/null >&2 &
                                      echo started
                                    done
                                    kill -s "$signal" $! && wait $!
                                    rm -rf "$folder")", "sh", signal, folder.string()};
  shell.insert(shell.end(), command.begin(), command.end());
  auto [its_orders, orders] = make_pipe();
  auto [reports, its_reports] = make_pipe();
  shell_ = spawn(std::move(shell), its_orders.get(), its_reports.get());
  orders_ = std::move(orders);
  reports_ = std::move(reports);
}

void supervised_program::restart() {
  char report[16];
  if (::write(orders_.get(), "\n", 1) != 1 || ::read(reports_.get(), report, sizeof report) <= 0) {
    throw std::runtime_error("the shell that runs a server is gone");
  }
}

void supervised_program::end() noexcept {
  orders_.close();
  if (shell_ > 0) (void)exit_status(shell_);
}

std::string redis_server::missing() {
  return find_program("redis-server").empty() ? "redis-server is not installed" : "";
}

redis_server::redis_server() : port_(free_port()) {
  server_.start({find_program("redis-server").string(), "--port", std::to_string(port_), "--bind",
                 "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder_.path().string()},
                "KILL", folder_.path());
  wait_until_it_answers();
}

void redis_server::restart() {
  server_.restart();
  wait_until_it_answers();
}

void redis_server::wait_until_it_answers() const {
  const bool answers = eventually([&] {
    try {
      return redis_connection(port_).ping();
    } catch (const connection_error&) {
      return false;
    }
  });
  if (!answers)
    throw std::runtime_error("redis-server does not answer: " + text_of(folder_.path() / "log"));
}

std::string postgres_server::missing() {
  if (find_program("initdb").empty()) return "postgresql is not installed";
  if (::geteuid() == 0 && ::getpwnam("postgres") == nullptr) {
    return "there is no user \"postgres\", and PostgreSQL does not run as root";
  }
  return {};
}

postgres_server::postgres_server(int connection_limit) : port_(free_port()) {
  if (const ::passwd* const owner = ::getpwnam("postgres"); ::geteuid() == 0 && owner != nullptr) {
    if (::chown(folder_.path().c_str(), owner->pw_uid, owner->pw_gid) != 0) fail(errno, "chown");
  }
  const std::string folder = folder_.path().string();
  if (!run(as_postgres({find_program("initdb").string(), "--pgdata", folder + "/data", "--auth", "trust",
                        "--username", "postgres", "--no-sync", "--locale", "C", "--encoding", "UTF8"}),
           folder_.path() / "initdb.log")) {
    throw std::runtime_error("initdb failed: " + text_of(folder_.path() / "initdb.log"));
  }
  server_.start(
      as_postgres({find_program("postgres").string(), "-D", folder + "/data", "-p", std::to_string(port_),
                   "-k", folder, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"}),
      "QUIT", folder_.path());
  wait_until_it_answers();
  postgres_connection(port_, "postgres")
      .query("create role caller login connection limit " + std::to_string(connection_limit));
}

void postgres_server::restart() {
  server_.restart();
  wait_until_it_answers();
}

void postgres_server::wait_until_it_answers() const {
  const bool answers = eventually([&] {
    try {
      return postgres_connection(port_, "postgres").ping();
    } catch (const connection_error&) {
      return false;
    }
  });
  if (!answers) throw std::runtime_error("PostgreSQL does not answer: " + text_of(folder_.path() / "log"));
}

// (pg_terminate_backend() can wait itself, but looks only every 100 ms.)
int postgres_server::terminate_all() {
  postgres_connection administrator(port_, "postgres");
  const std::string sessions = "'" +
                               administrator.query(
                                   "select coalesce(array_agg(pid), '{}') from pg_stat_activity"
                                   " where usename = 'caller'") +
                               "'::int[]";
  const int ended = std::stoi(administrator.query(
      "select count(*) filter (where pg_terminate_backend(pid)) from unnest(" + sessions + ") as pid"));
  const bool are_gone = eventually([&] {
    return administrator.query("select count(*) from pg_stat_activity where pid = any(" + sessions + ")") ==
           "0";
  });
  if (!are_gone) throw std::runtime_error("PostgreSQL does not end its sessions");
  return ended;
}

}  // namespace ebb::test
