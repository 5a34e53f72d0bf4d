// orders_service: an HTTP service with a database and a cache, to show what a pool of connections does for
// it.
#include <iostream>
#include <optional>

#include <ebb/inspector.hpp>

#include "common/command_line.hpp"
#include "common/sampler.hpp"
#include "server.hpp"
#include "statistics.hpp"

namespace {

void serve(const orders::options& o) {
  orders::connections connections(o);
  orders::order_book book(o, connections);
  orders::router router(book, connections);
  orders::server server(o, router);
  std::optional<example::sampler> sampler;
  if (!o.sample_csv.empty()) {
    sampler.emplace(o.sample_csv, o.sample, orders::sample_columns,
                    [&router](std::ostream& out) { orders::write_sample(out, router); });
  }

  std::cout << "listening on " << server.url() << std::endl;  // flushed: scripts wait for this line
  std::optional<ebb::inspector> inspector;
  if (o.inspector_port) {
    inspector.emplace(ebb::inspector_options{.port = *o.inspector_port});
    std::cout << "pools at " << inspector->url() << std::endl;
  }
  server.run();
}

}  // namespace

int main(int argc, char** argv) {
  const auto body = [](int count, char** words) {
    if (const auto options = orders::parse_options(count, words)) serve(*options);
  };
  return example::run("orders_service", body, argc, argv);
}
