// catalog_server: an HTTP server over the ISO catalogues, to show what pools do for a program.
#include <iostream>
#include <optional>

#include <ebb/collector.hpp>

#include "sampler.hpp"
#include "server.hpp"
#include "statistics.hpp"
#include "usage_error.hpp"

namespace {

// The order of the objects is the order of their lifetimes: sessions live in the server, use the
// services, and hold objects of the pools.
void serve(const catalog::options& o) {
  ebb::set_cycle_period(o.cycle);
  const std::vector<catalog::catalogue> catalogues = catalog::load_catalogues(o.catalogues);
  catalog::pools pools(o.pool);
  catalog::services services{.pool = pools};
  const catalog::router router(
      catalogues, [&services](std::pmr::string& out) { catalog::append_statistics(out, services); });
  catalog::server server(o, router, services);
  std::optional<catalog::sampler> sampler;
  if (!o.sample_csv.empty()) sampler.emplace(o.sample_csv, o.sample, services);

  const bool is_ipv6 = o.address.find(':') != std::string::npos;
  std::cout << "listening on http://" << (is_ipv6 ? "[" + o.address + "]" : o.address) << ':'
            << server.port() << std::endl;  // flushed: scripts wait for this line
  server.run();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (const auto options = catalog::parse_options(argc, argv)) serve(*options);
    return 0;
  } catch (const catalog::usage_error& error) {
    std::cerr << "catalog_server: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "catalog_server: stopped: " << error.what() << '\n';
    return 1;
  }
}
