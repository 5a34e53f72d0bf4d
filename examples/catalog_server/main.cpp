// catalog_server: an HTTP server over the ISO catalogues, to show what pools do for a program.
#include <iostream>
#include <optional>

#include <ebb/collector.hpp>
#include <ebb/inspector.hpp>

#include "common/command_line.hpp"
#include "common/sampler.hpp"
#include "server.hpp"
#include "statistics.hpp"

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
  std::optional<example::sampler> sampler;
  if (!o.sample_csv.empty()) {
    sampler.emplace(o.sample_csv, o.sample, catalog::sample_columns,
                    [&services](std::ostream& out) { catalog::write_sample(out, services); });
  }

  std::cout << "listening on " << server.url() << std::endl;  // flushed: scripts wait for this line
  std::optional<ebb::inspector> inspector;
  if (o.inspector_port) {
    inspector.emplace(ebb::inspector_options{.port = *o.inspector_port, .allow_actions = true});
    std::cout << "pools at " << inspector->url() << std::endl;
  }
  server.run();
}

}  // namespace

int main(int argc, char** argv) {
  const auto body = [](int count, char** words) {
    if (const auto options = catalog::parse_options(count, words)) serve(*options);
  };
  return example::run("catalog_server", body, argc, argv);
}
