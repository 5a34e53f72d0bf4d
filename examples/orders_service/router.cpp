#include "router.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>
#include <system_error>

#include "statistics.hpp"

namespace orders {
namespace {

// Seconds after which a client may try again.
constexpr const char* try_again_after = "1";

// Numbers of orders and items: at most 18 digits always fit.
bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<new_order> parse_order(const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto item = json.find("item");
  const auto quantity = json.find("quantity");
  if (item == json.end() || quantity == json.end() || !item->is_number_unsigned() ||
      !quantity->is_number_unsigned()) {
    return std::nullopt;
  }
  constexpr std::uint64_t most = 1'000'000;
  if (item->get<std::uint64_t>() > most || quantity->get<std::uint64_t>() > most || *quantity == 0) {
    return std::nullopt;
  }
  return new_order{.item = item->get<std::int64_t>(), .quantity = quantity->get<std::int64_t>()};
}

}  // namespace

response router::answer(const request& asked) {
  reply r{};
  try {
    r = dispatch(asked);
  } catch (const out_of_stock& e) {
    r = refusal(http::status::conflict, e.what());
  } catch (const std::system_error& e) {
    r = refusal(http::status::service_unavailable, e.what(), outcome::no_free_one);
  } catch (const database_error& e) {
    r = refusal(http::status::service_unavailable, e.what(), outcome::failed);
  }
  counts_[static_cast<std::size_t>(r.counts_as)].fetch_add(1, std::memory_order_relaxed);

  response out(r.status, asked.version());
  out.set(http::field::content_type, "application/json");
  if (r.status == http::status::service_unavailable) out.set(http::field::retry_after, try_again_after);
  if (!r.location.empty()) out.set(http::field::location, r.location);
  out.keep_alive(asked.keep_alive());
  out.body() = std::move(r.body) + "\n";
  out.prepare_payload();
  return out;
}

router::reply router::dispatch(const request& asked) {
  const std::string_view target(asked.target().data(), asked.target().size());
  const bool reads = asked.method() == http::verb::get;
  if (target == "/orders") {
    if (asked.method() != http::verb::post) {
      return refusal(http::status::method_not_allowed, "orders are placed with POST");
    }
    return place(asked);
  }
  if (!reads) return refusal(http::status::method_not_allowed, "only GET is answered here");
  if (target == "/stats") return {http::status::ok, statistics(*this)};

  const auto last = target.rfind('/');
  const std::string_view folder = target.substr(0, last == std::string_view::npos ? 0 : last);
  const std::string number(target.substr(last == std::string_view::npos ? 0 : last + 1));
  if ((folder != "/orders" && folder != "/stock") || !is_number(number)) {
    return refusal(http::status::not_found,
                   "here are /orders/NUMBER, /stock/ITEM, /stats, and POST /orders");
  }
  auto found = folder == "/orders" ? book_.find(number) : book_.stock(number);
  if (!found) return refusal(http::status::not_found, "there is no number " + number);
  if (folder == "/orders") return {http::status::ok, std::move(*found)};
  return {http::status::ok, R"({"item":)" + number + R"(,"left_over":)" + *found + "}"};
}

router::reply router::place(const request& asked) {
  const auto wanted = parse_order(asked.body());
  if (!wanted) {
    return refusal(http::status::bad_request,
                   R"(an order is {"item":NUMBER,"quantity":NUMBER}, with numbers up to 1000000)");
  }
  const auto id = book_.place(*wanted);
  if (!id) return refusal(http::status::not_found, "there is no item " + std::to_string(wanted->item));
  return {http::status::created, R"({"id":)" + *id + "}", outcome::answered, "/orders/" + *id};
}

router::reply router::refusal(http::status status, const std::string& why, outcome counts_as) {
  const nlohmann::ordered_json body{{"status", static_cast<unsigned>(status)}, {"error", why}};
  // What a client or a server sent need not be UTF-8.
  return {status, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), counts_as};
}

}  // namespace orders
