#include "fault_proxy.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace ebb::test {

namespace {

constexpr short gone = POLLRDHUP | POLLHUP | POLLERR;

// What is there; empty at the end of the stream, or if it broke.
std::string read_some(const descriptor& from) {
  std::string bytes(16'384, '\0');
  const ::ssize_t n = ::recv(from.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return bytes;
}

// A peer that does not read what it asked for counts as gone.
bool send_all(const descriptor& to, std::string_view bytes) {
  return ::send(to.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<::ssize_t>(bytes.size());
}

}  // namespace

const char* to_string(fault kind) noexcept {
  switch (kind) {
    case fault::refuse: return "refuse";
    case fault::reset: return "reset";
    case fault::half_close: return "half-close";
    case fault::stall: return "stall";
    case fault::drip: return "drip";
    case fault::garbage: return "garbage";
    case fault::delay: return "delay";
    case fault::truncate: break;
  }
  return "truncate";
}

fault_proxy::fault_proxy(std::uint16_t server_port)
    : server_port_(server_port),
      listener_(listen_on(0)),
      stop_(::eventfd(0, EFD_CLOEXEC)),
      port_(port_of(listener_)),
      thread_([this] { run(); }) {}

fault_proxy::~fault_proxy() {
  const std::uint64_t one = 1;
  (void)!::write(stop_.get(), &one, sizeof one);
  thread_.join();
}

int fault_proxy::injected() const noexcept {
  return std::accumulate(injected_.begin(), injected_.end(), 0);
}
int fault_proxy::pending() const noexcept { return std::accumulate(pending_.begin(), pending_.end(), 0); }

bool fault_proxy::take(fault kind) noexcept {
  if (pending_[index(kind)] == 0) return false;
  ++injected_[index(kind)];
  --pending_[index(kind)];
  return true;
}

// The listener is looked at first and served last, one connection a time: a client that closed a connection
// before it opened this one has been seen to do so. So open_ is exact, and never more than clients have
// open.
void fault_proxy::run() {
  std::vector<::pollfd> polled;
  for (;;) {
    polled.assign({{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}});
    for (const route& r : routes_) {
      polled.push_back({r.client.get(), POLLIN | POLLRDHUP, 0});
      polled.push_back({r.held.empty() ? r.server.get() : -1, POLLIN, 0});
    }
    (void)::poll(polled.data(), polled.size(), poll_timeout());
    if (polled[1].revents != 0) return;
    auto events = polled.cbegin() + 2;
    std::erase_if(routes_, [&](route& r) {
      const short client = events++->revents;
      const short server = events++->revents;
      if (serve(r, client, server)) return false;
      --open_;
      r.client.close();
      return true;
    });
    if (polled[0].revents != 0) accept_one();
  }
}

int fault_proxy::poll_timeout() const {
  time_point next = time_point::max();
  for (const route& r : routes_) {
    if (!r.held.empty()) next = std::min(next, r.due);
  }
  if (next == time_point::max()) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(next - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

void fault_proxy::accept_one() {
  descriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!client) return;
  ++accepted_;
  // Before its client can know that it is refused, and open another one.
  most_open_ = std::max<int>(most_open_, open_ + 1);
  if (take(fault::refuse)) return client.reset();
  descriptor server = connect_to_port(server_port_);
  if (!server) return client.reset();
  ++open_;
  routes_.push_back({std::move(client), std::move(server), {}});
}

bool fault_proxy::serve(route& r, short client_events, short server_events) {
  if ((client_events & POLLIN) != 0) {
    const std::string question = read_some(r.client);
    if (r.server && !question.empty() && !send_all(r.server, question)) return false;
  }
  if ((client_events & gone) != 0) return false;
  if (!r.held.empty() && std::chrono::steady_clock::now() >= r.due) return send_held(r);
  return server_events == 0 || pass_on_answer(r);
}

bool fault_proxy::pass_on_answer(route& r) {
  std::string answer = read_some(r.server);
  if (answer.empty()) return false;  // the server has closed
  for (const fault kind : all_faults) {
    if (kind != fault::refuse && take(kind)) return break_answer(r, kind, std::move(answer));
  }
  return send_all(r.client, answer);
}

bool fault_proxy::break_answer(route& r, fault kind, std::string answer) {
  switch (kind) {
    case fault::reset: r.client.reset(); return false;
    case fault::half_close:
      (void)::shutdown(r.client.get(), SHUT_WR);
      r.server.close();
      return true;
    case fault::stall: r.server.close(); return true;
    case fault::drip:
      r.held = std::move(answer);
      r.drips = true;
      r.due = std::chrono::steady_clock::now() + drip_interval;
      return true;
    case fault::garbage: return send_all(r.client, std::string(answer.size(), '\xfe'));
    case fault::delay:
      r.held = std::move(answer);
      r.drips = false;
      r.due = std::chrono::steady_clock::now() + delay;
      return true;
    case fault::truncate: (void)send_all(r.client, answer.substr(0, answer.size() / 2)); return false;
    case fault::refuse: break;  // not of answers
  }
  return false;
}

bool fault_proxy::send_held(route& r) {
  const std::size_t count = r.drips ? 1 : r.held.size();
  if (!send_all(r.client, r.held.substr(0, count))) return false;
  r.held.erase(0, count);
  r.due += drip_interval;
  return true;
}

}  // namespace ebb::test
