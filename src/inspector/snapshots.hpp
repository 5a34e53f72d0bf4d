// The one snapshot that all clients share, and the texts made of it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "history.hpp"
#include "source.hpp"

namespace ebb::detail {

using shared_text = std::shared_ptr<const std::string>;

// Used by the server's thread alone.
class snapshots {
 public:
  // Nobody reads the pools more often than this, however many ask.
  static constexpr std::chrono::milliseconds lifetime{250};
  static constexpr std::chrono::seconds sample_period{1};
  // How long after the last request for pools.json samples are still taken.
  static constexpr std::chrono::seconds watched{10};

  snapshots(inspector_source source, bool allow_actions)
      : source_(std::move(source)), allow_actions_(allow_actions), started_(source_.now()) {}

  // `since`: the number of the newest sample the client has; it gets those that came later.
  [[nodiscard]] shared_text pools_json(std::uint64_t since);
  [[nodiscard]] shared_text metrics(bool openmetrics);
  // The numbers are read anew after these.
  void collect();
  [[nodiscard]] std::uint64_t drain();
  [[nodiscard]] std::uint64_t drain_pool(std::uint64_t id);

  // Whether anybody watches; then take_sample() wants to be called once per sample_period.
  [[nodiscard]] bool is_watched() const { return asked_ever_ && source_.now() - last_asked_ < watched; }
  void take_sample();

 private:
  struct json_text {
    std::uint64_t key = 0;
    shared_text content;
  };

  void refresh();
  void forget() noexcept { fresh_ = false; }

  const inspector_source source_;
  const bool allow_actions_;
  const inspector_source::clock::time_point started_;

  bool fresh_ = false;
  inspector_source::clock::time_point read_at_;
  std::int64_t unix_ms_ = 0;
  std::uint64_t resident_bytes_ = 0;
  std::vector<pool_info> pools_;
  runtime_information process_;

  // Of the snapshot above; clients that look at the same time ask for the same.
  static constexpr std::size_t most_texts = 4;
  std::deque<json_text> json_texts_;
  shared_text metrics_texts_[2];

  bool asked_ever_ = false;
  inspector_source::clock::time_point last_asked_;
  inspector_source::clock::time_point last_sample_;
  history history_;
};

}  // namespace ebb::detail
