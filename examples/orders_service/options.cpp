#include "options.hpp"

#include <charconv>
#include <map>

#include "common/command_line.hpp"
#include "common/usage_error.hpp"

namespace orders {
namespace {

cache_settings parse_cache(const std::string& text) {
  cache_settings s;
  const auto colon = text.rfind(':');
  const auto* const end = text.data() + text.size();
  if (colon != std::string::npos && colon != 0) {
    s.host = text.substr(0, colon);
    const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, s.port);
    if (error == std::errc() && rest == end && s.port != 0) return s;
  }
  throw example::usage_error("--cache: \"" + text + "\" is not HOST:PORT with a port from 1 to 65535");
}

}  // namespace

std::optional<options> parse_options(int argc, char** argv) {
  options o;
  o.database.where = "dbname=orders";
  std::string mode = "pool";
  std::string cache = "127.0.0.1:6379";
  std::uint32_t patience_ms = 250;
  std::uint32_t statement_ms = 2000;
  std::uint32_t query_ms = 0;
  std::uint32_t sample_ms = 100;
  const std::map<std::string, pool_mode> modes{
      {"pool", pool_mode::pool}, {"small", pool_mode::small}, {"none", pool_mode::none}};

  CLI::App app{"Places and shows orders over HTTP/1.1; keeps them in PostgreSQL, and shown ones in Redis.",
               "orders_service"};
  app.add_option("--address", o.address, "IP address to listen on")->capture_default_str();
  app.add_option("--port", o.port, "port to listen on; 0 takes a free one and prints it")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option("--threads", o.threads, "worker threads: so many requests are answered at a time")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--mode", mode,
                 "pool: connections are kept; small: too few of them are; none: each request opens its own")
      ->check(CLI::IsMember(modes))
      ->capture_default_str();
  app.add_option("--capacity", o.capacity, "connections of each pool; default: 16, and 2 with --mode small")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--patience-ms", patience_ms,
                 "how long a request waits for a connection before it gets a 503")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  app.add_option("--statement-ms", statement_ms, "how long a statement may take in the database")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  app.add_option("--query-ms", query_ms, "how much longer each query takes in the database")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  app.add_option("--database", o.database.where, "connection string of libpq; PGPASSWORD is read, too")
      ->capture_default_str();
  app.add_option("--cache", cache, "HOST:PORT of Redis")->capture_default_str();
  app.add_option("--inspector-port", o.inspector_port,
                 "show the pools, live, on this port of the loopback; 0 takes a free one and prints it")
      ->check(CLI::Range(0, 65535));
  app.add_option("--sample-csv", o.sample_csv, "write samples of answers and connections to this file");
  app.add_option("--sample-ms", sample_ms, "time between two samples")
      ->check(CLI::Range(10, 60'000))
      ->capture_default_str();

  if (!example::parse(app, argc, argv)) return std::nullopt;
  o.mode = modes.at(mode);
  if (o.capacity == 0) o.capacity = o.mode == pool_mode::small ? 2 : 16;
  o.cache = parse_cache(cache);
  o.patience = std::chrono::milliseconds(patience_ms);
  o.database.statement_limit = std::chrono::milliseconds(statement_ms);
  o.query = std::chrono::milliseconds(query_ms);
  o.sample = std::chrono::milliseconds(sample_ms);
  return o;
}

}  // namespace orders
