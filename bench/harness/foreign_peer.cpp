#include "foreign_peer.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "cases/all.hpp"
#include "loop_contender.hpp"

namespace bench {

struct foreign_peer::process {
  std::string name;
  std::string version;
  pid_t pid = -1;
  std::FILE* to = nullptr;
  std::FILE* from = nullptr;

  process(std::string called, const std::string& command) : name(std::move(called)) {
    int down[2];
    int up[2];
    if (::pipe2(down, O_CLOEXEC) != 0 || ::pipe2(up, O_CLOEXEC) != 0) fail("no pipe");
    pid = ::fork();
    if (pid < 0) fail("no process");
    if (pid == 0) {
      ::dup2(down[0], STDIN_FILENO);
      ::dup2(up[1], STDOUT_FILENO);
      ::execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
      ::_exit(127);
    }
    ::close(down[0]);
    ::close(up[1]);
    to = ::fdopen(down[1], "w");
    from = ::fdopen(up[0], "r");
    const std::string greeting = answer();
    if (!greeting.starts_with("ready ")) fail("it did not say ready, but: " + greeting);
    version = greeting.substr(6);
  }
  ~process() {
    std::fclose(to);  // which ends it
    std::fclose(from);
    ::waitpid(pid, nullptr, 0);
  }
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  std::string ask(const std::string& command) const {
    std::fputs((command + "\n").c_str(), to);
    std::fflush(to);
    return answer();
  }

 private:
  std::string answer() const {
    std::string line;
    for (int c = std::getc(from); c != '\n'; c = std::getc(from)) {
      if (c == EOF) fail("it ended");
      line += static_cast<char>(c);
    }
    return line;
  }
  [[noreturn]] void fail(const std::string& why) const { throw std::runtime_error(name + ": " + why); }
};

namespace {

readings parse(const std::string& line) {
  readings result;
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) throw std::runtime_error("not readings: " + line);
    result.push_back({word.substr(0, equals), std::stod(word.substr(equals + 1))});
  }
  return result;
}

template <class Case, class Process>
class foreign_contender final : public contender {
 public:
  foreign_contender(std::shared_ptr<Process> process, unsigned threads) : process_(std::move(process)) {
    if constexpr (requires { Case::slice_length; }) {
      repeats_ = static_cast<std::size_t>(Case::slice_length.count());
      (void)run(repeats_);
    } else {
      repeats_ = repeats_of_a_slice(threads, [this](std::size_t n) { return value_of(run(n), "seconds"); });
    }
    if constexpr (requires { Case::repeats_from(repeats_); }) repeats_ = Case::repeats_from(repeats_);
  }
  ~foreign_contender() override { (void)process_->ask("close"); }

  readings slice() override {
    const readings answer = run(repeats_);
    if constexpr (requires { Case::from_foreign(answer); }) {
      return Case::from_foreign(answer);
    } else {
      const auto operations = static_cast<double>(repeats_ * Case::operations);
      return {{"ns", value_of(answer, "seconds") * 1e9 / operations}};
    }
  }

 private:
  readings run(std::size_t repeats) { return parse(process_->ask("run " + std::to_string(repeats))); }

  std::shared_ptr<Process> process_;
  std::size_t repeats_ = 0;
};

std::string part(const std::string& description, bool before) {
  const std::size_t equals = description.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw std::runtime_error("\"" + description + "\" is not NAME=COMMAND");
  }
  return before ? description.substr(0, equals) : description.substr(equals + 1);
}

}  // namespace

foreign_peer::foreign_peer(const std::string& description)
    : foreign_peer(part(description, true),
                   std::make_shared<process>(part(description, true), part(description, false))) {}

foreign_peer::foreign_peer(const std::string& name, std::shared_ptr<process> p)
    : peer({.name = name, .version = [p] { return p->version; }}), process_(std::move(p)) {}

std::unique_ptr<contender> foreign_peer::start(std::string_view case_name, team& crew) const {
  const std::string threads = std::to_string(crew.size());
  if (process_->ask("open " + std::string(case_name) + " " + threads) != "ok") return nullptr;
  std::unique_ptr<contender> found;
  for_each_object_case([&]<class Case>() {
    if (case_name == Case::name) {
      found = std::make_unique<foreign_contender<Case, process>>(process_, crew.size());
    }
  });
  return found;
}

}  // namespace bench
