#include "options.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <map>
#include <thread>

#include "common/command_line.hpp"

namespace catalog {

std::optional<options> parse_options(int argc, char** argv) {
  options o;
  o.threads = std::clamp(std::thread::hardware_concurrency(), 1u, 256u);
  std::string pool = "ebb";
  std::uint32_t cycle_ms = 5000;
  std::uint32_t sample_ms = 100;
  const std::map<std::string, pool_mode> modes{
      {"ebb", pool_mode::ebb}, {"mutex", pool_mode::mutex}, {"none", pool_mode::none}};

  CLI::App app{"Answers queries over the ISO catalogues of the package iso-codes, over HTTP/1.1.",
               "catalog_server"};
  app.add_option("--address", o.address, "IP address to listen on")->capture_default_str();
  app.add_option("--port", o.port, "port to listen on; 0 takes a free one and prints it")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option("--threads", o.threads, "worker threads")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--pool", pool,
                 "ebb: ebb::object_pool; mutex: a vector behind a mutex; none: new each time")
      ->check(CLI::IsMember(modes))
      ->capture_default_str();
  app.add_option("--catalogues", o.catalogues, "folder with the JSON files of iso-codes")
      ->capture_default_str();
  app.add_option("--cycle-ms", cycle_ms, "period of the pools' collector; 0 switches it off")
      ->check(CLI::Range(0, 3'600'000))
      ->capture_default_str();
  app.add_option("--inspector-port", o.inspector_port,
                 "show the pools, live, on this port of the loopback; 0 takes a free one and prints it")
      ->check(CLI::Range(0, 65535));
  app.add_option("--sample-csv", o.sample_csv, "write samples of memory, pools and requests to this file");
  app.add_option("--sample-ms", sample_ms, "time between two samples")
      ->check(CLI::Range(10, 60'000))
      ->capture_default_str();

  if (!example::parse(app, argc, argv)) return std::nullopt;
  o.pool = modes.at(pool);
  o.cycle = std::chrono::milliseconds(cycle_ms);
  o.sample = std::chrono::milliseconds(sample_ms);
  return o;
}

}  // namespace catalog
