// A machine made of files and sockets: /proc, control groups, and descriptors that report as PSI does.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <support/temporary_folder.hpp>

#include "pressure/watch.hpp"

// The description of a watch has `part` in it.
#define EXPECT_SAYS(watch, part) \
  EXPECT_NE((watch).description().find(part), std::string_view::npos) << (watch).description()

namespace ebb::test {

using namespace std::chrono_literals;

class fake_machine {
 public:
  fake_machine() {
    write("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
    write("proc/self/cgroup", "");
    write("proc/self/mountinfo", "");
  }
  ~fake_machine() {
    for (const auto& [trigger, ends] : triggers_) ::close(ends);
  }
  fake_machine(const fake_machine&) = delete;
  fake_machine& operator=(const fake_machine&) = delete;

  [[nodiscard]] std::string path(const std::string& below) const {
    return root_.path().string() + "/" + below;
  }
  void write(const std::string& below, std::string_view text) const {
    std::filesystem::create_directories(std::filesystem::path(path(below)).parent_path());
    std::ofstream(path(below), std::ios::binary) << text;
  }
  [[nodiscard]] std::string read(const std::string& below) const {
    std::ifstream in(path(below), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void remove(const std::string& below) const { std::filesystem::remove_all(path(below)); }

  // A unified machine, the process in /a/b.
  void unified() const {
    write("proc/self/cgroup", "0::/a/b\n");
    write("proc/self/mountinfo", "41 31 0:38 / " + path("cg") + " rw - cgroup2 cgroup2 rw\n");
    for (const std::string group : {"cg/a", "cg/a/b"}) {
      write(group + "/memory.current", "1048576\n");
      write(group + "/memory.high", "max\n");
      write(group + "/memory.max", "max\n");
      write(group + "/memory.stat", "anon 1\n");
      write(group + "/memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
      write(group + "/memory.events.local", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
      write(group + "/memory.pressure", "");
    }
  }
  // As systemd's hybrid layout: version 1 has the memory, version 2 only PSI.
  void hybrid() const {
    write("proc/self/cgroup", "4:memory:/m/x\n0::/u\n");
    write("proc/self/mountinfo", "35 31 0:32 / " + path("v1") +
                                     " rw - cgroup cgroup rw,memory\n41 31 0:38 / " + path("v2") +
                                     " rw - cgroup2 cgroup2 rw\n");
    for (const std::string group : {"v1", "v1/m", "v1/m/x"}) {
      write(group + "/memory.usage_in_bytes", "1048576\n");
      write(group + "/memory.limit_in_bytes", "9223372036854771712\n");
      write(group + "/memory.stat", "cache 0\n");
    }
    write("v2/u/memory.pressure", "");
  }

  // What arming does: the errors that are set for a path and a window, else a socket.
  detail::watch_sources sources() {
    return {.proc = path("proc"),
            .arm = [this](const char* file, const char* trigger) { return arm(file, trigger); }};
  }
  // Refuses triggers whose text contains `part`, on files whose path contains `file`.
  void refuse(const std::string& file, const std::string& part, int error) {
    refusals_.push_back({file, part, error});
  }
  void refuse_nothing() { refusals_.clear(); }
  // Lets a trigger fire: its kind is "some" or "full".
  void fire(const std::string& kind) const { (void)::send(triggers_.at(kind), "!", 1, MSG_OOB); }
  // The descriptor reports POLLHUP from now on.
  void hang_up(const std::string& kind) {
    ::close(triggers_.at(kind));
    triggers_.erase(kind);
  }
  [[nodiscard]] std::size_t open_triggers() const { return triggers_.size(); }

  std::vector<std::string> armed;  // "path: trigger", in order, refused ones included

 private:
  struct refusal {
    std::string file, part;
    int error;
  };

  int arm(const std::string& file, const std::string& trigger) {
    armed.push_back(file.substr(path({}).size()) + ": " + trigger);
    for (const refusal& r : refusals_) {
      if (file.find(r.file) != std::string::npos && trigger.find(r.part) != std::string::npos)
        return -r.error;
    }
    if (::access(file.c_str(), F_OK) != 0) return -ENOENT;
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) return -errno;
    const std::string kind = trigger.substr(0, 4);
    if (triggers_.contains(kind)) ::close(triggers_[kind]);
    triggers_[kind] = ends[1];
    return ends[0];
  }

  temporary_folder root_;
  std::map<std::string, int> triggers_;
  std::vector<refusal> refusals_;
};

// Does what the collector's thread does with a watch, one round at a time.
class hand_driven {
 public:
  explicit hand_driven(fake_machine& m) : watch(m.sources()) {}

  void open() { watch.open(now); }
  // Time passes; then poll() is asked, and what it says is noticed.
  detail::pressure_judge::verdict after(std::chrono::milliseconds time) {
    now += time;
    std::array<pollfd, detail::pressure_watch::most_descriptors> all{};
    const std::size_t count = watch.descriptors(all);
    (void)::poll(all.data(), count, 0);
    // The kernel forgets an event when it has been polled; a socket when it has been read.
    for (std::size_t i = 0; i < count; ++i) {
      char byte;
      if ((all[i].revents & POLLPRI) != 0) (void)::recv(all[i].fd, &byte, 1, MSG_OOB);
    }
    return watch.notice({all.data(), count}, now);
  }
  pressure_level level_after(std::chrono::milliseconds time) { return after(time).level; }

  detail::pressure_watch watch;
  detail::pressure_watch::time_point now{1h};
};

}  // namespace ebb::test
