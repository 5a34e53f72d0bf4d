#include "router.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "url.hpp"

namespace catalog {
namespace {

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

bool has_value_end(std::string_view text) noexcept { return text.find(value_end) != text.npos; }

bool parse_limit(std::string_view text, std::size_t& limit) noexcept {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, limit);
  return error == std::errc() && stop == end;
}

// The first value of a subdivision is its code: "FR-75" starts with the country's.
bool matches(const record& r, const request& q) {
  return r.searchable.starts_with(q.prefix) && r.searchable.find(q.text) != std::string::npos;
}

}  // namespace

router::router(std::span<const catalogue> catalogues, std::function<void(std::pmr::string&)> statistics)
    : catalogues_(catalogues), statistics_(std::move(statistics)) {}

void router::route(request& r) const {
  if (r.target.size() > max_target) {
    return refuse(r, http::status::uri_too_long, "the request target is longer than 1024 bytes");
  }
  if (r.method != http::verb::get && r.method != http::verb::head) {
    return refuse(r, http::status::method_not_allowed, "only GET and HEAD are answered");
  }
  const auto [path, query] = split_target(r.target);
  if (!path.starts_with('/') || !decode(path.substr(1), plus_means::plus, r.path)) {
    return refuse(r, http::status::bad_request, "the request target is not a percent-encoded path");
  }
  if (r.path.empty()) return welcome(r.body);
  if (r.path == "stats") return statistics_(r.body);

  const std::size_t slash = std::min(r.path.find('/'), r.path.size());
  const std::string_view name(r.path.data(), slash);
  const auto found = std::find_if(catalogues_.begin(), catalogues_.end(),
                                  [&](const catalogue& c) { return c.route() == name; });
  if (found == catalogues_.end()) {
    return refuse(r, http::status::not_found, "there is no such catalogue; / lists them");
  }
  if (slash == r.path.size()) return find_records(r, *found, query);

  r.code.assign(r.path, slash + 1);
  fold_ascii(r.code);
  const record* one = found->by_code(r.code);
  if (one == nullptr)
    return refuse(r, http::status::not_found, "no record of this catalogue has that code");
  r.body.append(one->text).push_back('\n');
}

void router::find_records(request& r, const catalogue& c, std::string_view query) const {
  const auto bad = [&r](std::string_view why) { refuse(r, http::status::bad_request, why); };
  std::size_t limit = no_limit;
  while (!query.empty()) {
    const auto [name, value] = next_parameter(query);
    if (name == "q") {
      if (!decode(value, plus_means::space, r.text) || has_value_end(r.text))
        return bad("q is not percent-encoded text");
    } else if (name == "limit") {
      if (!parse_limit(value, limit)) return bad("limit is not a number of records, 0 or more");
    } else if (name == "country" && c.route() == "subdivisions") {
      if (!decode(value, plus_means::space, r.prefix) || has_value_end(r.prefix))
        return bad("country is not a country's code");
      r.prefix.push_back('-');
    } else {
      return bad(c.route() == "subdivisions" ? "the parameters here are q, limit and country"
                                             : "the parameters here are q and limit");
    }
  }
  fold_ascii(r.text);
  fold_ascii(r.prefix);
  r.is_list = true;
  for (const record& candidate : c.records()) {
    if (r.matches.size() == limit) break;
    if (matches(candidate, r)) r.matches.push_back(&candidate);
  }
}

void router::welcome(std::pmr::string& body) const {
  body.append(R"({"catalogues":[)");
  const char* separator = "\"/";
  for (const catalogue& c : catalogues_) {
    body.append(separator).append(c.route()).push_back('"');
    separator = ",\"/";
  }
  body.append(
      R"(],"parameters":["q","limit","country"],"one_record":"/countries/FR","statistics":"/stats"})"
      "\n");
}

void router::refuse(request& r, http::status status, std::string_view why) {
  r.status = status;
  r.is_list = false;
  r.matches.clear();
  r.body.assign(R"({"status":)").append(std::to_string(static_cast<unsigned>(status)));
  r.body.append(R"(,"error":")").append(why).append("\"}\n");
}

}  // namespace catalog
