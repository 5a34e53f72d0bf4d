#include "server.hpp"

#include <malloc.h>

#include <algorithm>
#include <csignal>
#include <thread>
#include <vector>

#include <ebb/pressure.hpp>

#include "heap_count.hpp"

namespace catalog {
namespace {

constexpr std::chrono::seconds stop_patience{5};
constexpr std::chrono::milliseconds quiet_check{10};
constexpr std::chrono::milliseconds trim_check{500};
constexpr std::int64_t trim_from_bytes = 4 * 1024 * 1024;

}  // namespace

server::server(const options& o, const router& r, services& s)
    : router_(r), services_(s), threads_(o.threads), io_(static_cast<int>(o.threads)) {
  example::listen(acceptor_, o.address, o.port);
}

void server::run() {
  accept();
  trim_heap_now_and_then();
  report_pressure();
  signals_.async_wait([this](boost::system::error_code error, int) {
    if (!error) begin_stop();
  });
  std::vector<std::jthread> workers;
  for (unsigned i = 1; i < threads_; ++i) workers.emplace_back([this] { io_.run(); });
  io_.run();
}

void server::accept() {
  acceptor_.async_accept(asio::make_strand(io_.get_executor()),
                         [this](boost::system::error_code error, session::socket socket) {
                           if (!acceptor_.is_open()) return;
                           if (!error)
                             std::make_shared<session>(std::move(socket), router_, services_)->start();
                           accept();
                         });
}

void server::report_pressure() {
  pressure_signals_.async_wait([this](boost::system::error_code error, int signal) {
    if (error) return;
    ebb::report_pressure(signal == SIGUSR1 ? ebb::pressure_level::high : ebb::pressure_level::low);
    report_pressure();
  });
}

void server::begin_stop() {
  services_.stopping.store(true, std::memory_order_relaxed);  // relaxed: see session::on_read()
  acceptor_.close();
  stop_when_quiet(std::chrono::steady_clock::now() + stop_patience);
}

// Connections that wait for a request hold nothing; only answers under way are worth waiting for.
void server::stop_when_quiet(std::chrono::steady_clock::time_point at_the_latest) {
  if (services_.under_way.total() == 0 || std::chrono::steady_clock::now() > at_the_latest)
    return io_.stop();
  quiet_timer_.expires_after(quiet_check);
  quiet_timer_.async_wait([this, at_the_latest](auto) { stop_when_quiet(at_the_latest); });
}

// glibc keeps what is freed below the top of its arenas, so resident memory would stay high after the
// objects are gone. Returning it is the program's choice, and the same in every pool mode: when clearly
// less is allocated than before, at two looks in a row. (At one look is wrong: without a pool the heap
// swings by megabytes under load, and the trims would only make it fault the same pages in again.)
void server::trim_heap_now_and_then() {
  const std::int64_t live = heap_now().live_bytes;
  const std::int64_t settled = std::max(live, heap_last_);
  heap_last_ = live;
  heap_high_ = std::max(heap_high_, settled);
  if (heap_high_ - settled >= trim_from_bytes) {
    malloc_trim(0);
    heap_high_ = settled;
  }
  trim_timer_.expires_after(trim_check);
  trim_timer_.async_wait([this](auto) { trim_heap_now_and_then(); });
}

}  // namespace catalog
