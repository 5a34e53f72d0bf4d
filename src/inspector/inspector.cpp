#include <ebb/inspector.hpp>

#include <pthread.h>
#include <unistd.h>

#include "../signals_blocked.hpp"
#include "serving_thread.hpp"

namespace ebb {

namespace detail {

serving_thread::serving_thread(const inspector_options& options, inspector_source source,
                               server_limits limits)
    : server_(std::make_unique<server>(options, std::move(source), limits)), started_in_(::getpid()) {
  const signals_blocked here;
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "ebb-inspector");
    server_->run();
  });
}

serving_thread::~serving_thread() {
  if (::getpid() != started_in_) {
    // The child of a fork: there is nobody to wait for, and the sockets' epoll is the parent's, too.
    thread_.detach();
    (void)server_.release();
    return;
  }
  server_->stop();
  thread_.join();
}

}  // namespace detail

struct inspector::state {
  detail::serving_thread serving;
};

inspector::inspector(inspector_options options)
    : state_(new state{{options, detail::inspector_source::of_this_process(), {}}}) {}

inspector::~inspector() = default;

int inspector::port() const noexcept { return state_->serving.where().port(); }

std::string inspector::url() const {
  const auto where = state_->serving.where();
  const auto address = where.address();
  std::string host = address.to_string();
  if (address.is_unspecified()) host = address.is_v6() ? "::1" : "127.0.0.1";
  if (address.is_v6()) host = "[" + host + "]";
  return "http://" + host + ":" + std::to_string(where.port()) + "/";
}

}  // namespace ebb
