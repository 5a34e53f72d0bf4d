// A small HTTP server inside the program that shows its pools live. CMake: link ebbpool::inspector.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ebb/detail/config.hpp>

namespace ebb {

/// Where an inspector listens, and what it permits.
struct inspector_options {
  /// An IPv4 or IPv6 address, not a name. Whoever can connect to it can read everything the inspector
  /// shows: loopback is every user of this machine, "0.0.0.0" is everybody who can reach it.
  std::string address = "127.0.0.1";

  /// 0 .. 65535; 0 takes any port that is free.
  int port = 0;

  /// Whether the page has buttons for collect(), drain_all() and drain_pool(). They, too, are for whoever
  /// can read the page.
  bool allow_actions = false;

  /// Names besides localhost and IP addresses that a request may give as its Host: that of a reverse proxy.
  /// All others are refused, so that no page elsewhere can read this by pointing its own name here
  /// (DNS rebinding). A '*' is not understood.
  std::vector<std::string> hosts = {};
};

/// Serves, while it lives: `/` a live page, `/pools.json`, `/metrics`, and with allow_actions also
/// `POST /collect` and `POST /drain`, `?id=` for one pool. docs/inspector.md describes them.
///
///     ebb::inspector inspector{{.port = 8089}};
///     std::cout << "pools: " << inspector.url() << '\n';
///
/// It reads all_pools() at most four times a second, however many ask, and not at all while nobody does.
/// Clients that are slow or hostile cost at most 64 connections and 64 MiB; those of them that wait longest
/// are closed first, never the one that has just come. Several inspectors may live at once.
class inspector {
 public:
  /// Starts to listen, and a thread that serves.
  /// Throws       std::invalid_argument when an option is not valid; std::system_error, with the address in
  ///              its text, when it cannot listen there; std::bad_alloc.
  /// Threads      the new thread blocks all signals. It calls nothing of the program's, except destructors
  ///              of pooled objects in POST /collect and POST /drain.
  /// Cost         a thread and a socket; pools pay nothing while nobody asks.
  explicit inspector(inspector_options options = {});

  /// Stops, closes all connections, and waits for the thread: for one request at most, and an action that
  /// is being done. In the child of a fork() there is no such thread: there it does nothing.
  ~inspector();

  inspector(const inspector&) = delete;
  inspector& operator=(const inspector&) = delete;

  /// Returns      the port it listens on; never 0.
  /// Throws       nothing.
  /// Threads      safe from any thread.
  /// Cost         a load.
  [[nodiscard]] int port() const noexcept;

  /// Returns      where the page is: "http://127.0.0.1:8089/". For an inspector that listens on all
  ///              addresses, the loopback one.
  /// Throws       std::bad_alloc.
  /// Threads      safe from any thread.
  /// Cost         a string.
  [[nodiscard]] std::string url() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace ebb
