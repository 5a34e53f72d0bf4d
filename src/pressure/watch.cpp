#include "watch.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

#include "text.hpp"

namespace ebb::detail {

namespace {

bool fired(std::span<const pollfd> polled, const descriptor& d, short what) noexcept {
  return d && std::any_of(polled.begin(), polled.end(),
                          [&](const pollfd& p) { return p.fd == d.get() && (p.revents & what) != 0; });
}

}  // namespace

pressure_watch::pressure_watch(watch_sources sources) noexcept : sources_(std::move(sources)) {}

void pressure_watch::open_all() {
  std::string mounts;
  membership_file_ = sources_.proc + "/self/cgroup";
  const int no_membership = read_whole_file(membership_file_, membership_);
  const int no_mounts = read_whole_file(sources_.proc + "/self/mountinfo", mounts);
  std::optional<group_place> v2;
  std::optional<group_place> v1;
  const auto group = parse_membership(membership_, cgroup_version::v2);
  if (group) v2 = parse_mounts(mounts, cgroup_version::v2, *group);
  if (const auto group_v1 = parse_membership(membership_, cgroup_version::v1)) {
    v1 = parse_mounts(mounts, cgroup_version::v1, *group_v1);
  }

  std::vector<std::string> paths;
  if (v2) paths.push_back(v2->directory + "/memory.pressure");
  paths.push_back(sources_.proc + "/pressure/memory");
  triggers_ = open_triggers(paths, sources_.arm);
  // The program may close some.
  again_ =
      triggers_.out_of_descriptors || out_of_descriptors(no_membership) || out_of_descriptors(no_mounts);
  if (v2) limits_.open(*v2, cgroup_version::v2);
  if (!limits_.accounted() && v1) limits_.open(*v1, cgroup_version::v1);
  if (!limits_.accounted()) limits_.close();

  watched_.clear();
  if (no_membership != 0) {
    watched_ = membership_file_ + ": " + reason_for(no_membership) + "; ";
  } else if (no_mounts != 0) {
    watched_ = sources_.proc + "/self/mountinfo: " + reason_for(no_mounts) + "; ";
  } else if (!v2 && !v1) {
    watched_ = "no control group is visible; ";
  }
  if (triggers_.path.empty()) {
    watched_ += "no PSI (" + triggers_.refused + "); ";
  } else {
    const bool of_group = v2 && triggers_.path == paths.front();
    watched_ += of_group ? "PSI of the group " + std::string(*group) + ", " : "PSI of the machine, ";
    watched_ += std::to_string(triggers_.window_us / 1'000'000) + " s windows";
    if (!triggers_.full) watched_ += ", without \"full\"";
    if (!triggers_.refused.empty()) watched_ += " (" + triggers_.refused + ")";
    watched_ += "; ";
  }
  describe();
}

void pressure_watch::describe() {
  description_ = triggers_.path.empty() && !limits_.limited() ? "not watched: " : "";
  description_ += watched_ + limits_.description();
  news_ = true;
}

void pressure_watch::open(time_point now) noexcept {
  close_descriptors_only();
  limits_.close();
  news_ = true;
  opened_ = now;
  reopen_at_.reset();
  lost_ = false;
  next_look_ = now;
  try {
    open_all();
  } catch (const std::bad_alloc&) {
    // Memory is short indeed. What has been opened until now stays.
    description_.clear();
    reopen_at_ = now + reopen_interval;
    return;
  }
  if (again_) reopen_at_ = now + reopen_interval;
}

void pressure_watch::close_descriptors_only() noexcept {
  triggers_.close();
  limits_.close_events();
}

void pressure_watch::close() noexcept {
  close_descriptors_only();
  limits_.close();
  judge_ = {};
  level_ = pressure_level::low;
  opened_.reset();
  reopen_at_.reset();
}

void pressure_watch::refresh(time_point now) noexcept {
  std::array<char, 4096> text;
  const ssize_t got = read_file(membership_file_.c_str(), text.data(), text.size());
  if (got >= 0 && membership_ != std::string_view(text.data(), static_cast<std::size_t>(got))) {
    return open(now);  // the process was moved
  }
  if (!limits_.read_limits()) return;
  try {
    describe();
  } catch (const std::bad_alloc&) {
    description_.clear();
  }
}

std::size_t pressure_watch::descriptors(std::span<pollfd, most_descriptors> out) const noexcept {
  std::size_t count = 0;
  const auto add = [&](const descriptor& d) {
    if (d) out[count++] = {.fd = d.get(), .events = POLLPRI, .revents = 0};
  };
  add(triggers_.some);
  add(triggers_.full);
  if (!events_muted_until_) add(limits_.events());
  return count;
}

std::optional<pressure_watch::time_point> pressure_watch::next(bool idle_too) const noexcept {
  std::optional<time_point> first = reopen_at_;
  const auto or_at = [&first](time_point at) { first = first ? std::min(*first, at) : at; };
  if (const auto judged = judge_.next()) or_at(*judged);
  if (events_muted_until_) or_at(*events_muted_until_);
  if (limits_.limited() && (idle_too || level_ != pressure_level::low)) or_at(next_look_);
  return first;
}

pressure_judge::verdict pressure_watch::notice(std::span<const pollfd> polled, time_point now) noexcept {
  // The group is gone (the process was moved, and its old group removed), or somebody closed our
  // descriptors. memory.events always says POLLERR along with POLLPRI.
  const bool lost = fired(polled, triggers_.some, POLLERR | POLLHUP | POLLNVAL) ||
                    fired(polled, triggers_.full, POLLERR | POLLHUP | POLLNVAL) ||
                    fired(polled, limits_.events(), POLLHUP | POLLNVAL);
  const bool events_changed = fired(polled, limits_.events(), POLLPRI | POLLERR);
  if (lost || (events_changed && !limits_.own_group_exists())) {
    const time_point last = opened_.value_or(time_point{});
    close_descriptors_only();
    limits_.close();
    lost_ = news_ = true;
    reopen_at_ = std::max(now, last + reopen_interval);
    polled = {};
  }
  if (reopen_at_ && now >= *reopen_at_) open(now);
  if (events_muted_until_ && now >= *events_muted_until_) events_muted_until_.reset();

  pressure_signs signs;
  signs.some_stalled = fired(polled, triggers_.some, POLLPRI);
  signs.all_stalled = fired(polled, triggers_.full, POLLPRI);
  if (signs.some_stalled || signs.all_stalled) refresh(now);
  if (events_changed || now >= next_look_ || signs.some_stalled || signs.all_stalled) {
    limits_.look(signs);
    next_look_ = now + (limits_.closest() >= near_from ? look_near : look_far);
    // While limits are hit thousands of times a second each change would wake us.
    if (events_changed) events_muted_until_ = next_look_ = now + look_near;
  }
  const pressure_judge::verdict verdict = judge_.judge(signs, now);
  level_ = verdict.level;
  return verdict;
}

}  // namespace ebb::detail
