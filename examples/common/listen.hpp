// Binds the port of a server.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>

namespace example {

/// Throws       usage_error when it cannot listen there.
void listen(boost::asio::ip::tcp::acceptor& acceptor, const std::string& address, std::uint16_t port);

/// Returns      "http://ADDRESS:PORT" of the bound port.
[[nodiscard]] std::string url_of(const boost::asio::ip::tcp::acceptor& acceptor);

}  // namespace example
