// From a request's target to what its answer says.
#pragma once

#include <functional>
#include <memory_resource>
#include <span>
#include <string>

#include "request.hpp"

namespace catalog {

class router {
 public:
  /// `statistics` appends the body of /stats; `catalogues` must outlive the router.
  router(std::span<const catalogue> catalogues, std::function<void(std::pmr::string&)> statistics);

  /// Fills in status and body of the answer.
  /// Threads      safe from any thread, for different requests.
  void route(request& r) const;

  /// Makes the answer an error, whose body says why.
  static void refuse(request& r, http::status status, std::string_view why);

 private:
  void find_records(request& r, const catalogue& c, std::string_view query) const;
  void welcome(std::pmr::string& body) const;

  std::span<const catalogue> catalogues_;
  std::function<void(std::pmr::string&)> statistics_;
};

}  // namespace catalog
