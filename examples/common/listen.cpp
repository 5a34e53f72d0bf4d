#include "listen.hpp"

#include "usage_error.hpp"

namespace example {

namespace asio = boost::asio;

void listen(asio::ip::tcp::acceptor& acceptor, const std::string& address, std::uint16_t port) {
  const std::string where = address + ":" + std::to_string(port);
  boost::system::error_code error;
  const auto numeric = asio::ip::make_address(address, error);
  if (error) {
    throw usage_error("cannot listen on " + where + ": --address takes a numeric IPv4 or IPv6 address");
  }
  const asio::ip::tcp::endpoint endpoint(numeric, port);
  try {
    acceptor.open(endpoint.protocol());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen(asio::socket_base::max_listen_connections);
  } catch (const boost::system::system_error& failure) {
    throw usage_error("cannot listen on " + where + ": " + failure.code().message());
  }
}

std::string url_of(const asio::ip::tcp::acceptor& acceptor) {
  const auto endpoint = acceptor.local_endpoint();
  const std::string address = endpoint.address().to_string();
  return "http://" + (endpoint.address().is_v6() ? "[" + address + "]" : address) + ':' +
         std::to_string(endpoint.port());
}

}  // namespace example
