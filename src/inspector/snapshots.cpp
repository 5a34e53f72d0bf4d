#include "snapshots.hpp"

#include <sstream>

#include <ebb/openmetrics.hpp>

#include "pools_json.hpp"

namespace ebb::detail {

void snapshots::refresh() {
  const auto now = source_.now();
  if (fresh_ && now - read_at_ < lifetime) return;
  json_texts_.clear();
  metrics_texts_[0] = metrics_texts_[1] = nullptr;
  pools_ = source_.pools();
  process_ = source_.process();
  resident_bytes_ = source_.resident_bytes();
  unix_ms_ = source_.unix_ms();
  read_at_ = now;
  fresh_ = true;
}

void snapshots::take_sample() {
  refresh();
  history_.add(pools_, process_, resident_bytes_, unix_ms_);
  last_sample_ = source_.now();
  json_texts_.clear();
}

shared_text snapshots::pools_json(std::uint64_t since) {
  last_asked_ = source_.now();
  asked_ever_ = true;
  refresh();
  // The first who looks need not wait for the timer.
  if (history_.newest() == 0 || last_asked_ - last_sample_ >= 2 * sample_period) take_sample();

  // What is older than the history, or was never, is all of it: so there are few different texts.
  const std::uint64_t newest = history_.newest();
  if (since > newest || newest - since >= history::length) since = 0;
  for (const json_text& t : json_texts_) {
    if (t.key == since) return t.content;
  }
  if (json_texts_.size() == most_texts) json_texts_.pop_front();
  const pools_document document{
      .pools = pools_,
      .process = process_,
      .past = history_,
      .since = since,
      .unix_ms = unix_ms_,
      .resident_bytes = resident_bytes_,
      .inspected = std::chrono::duration_cast<std::chrono::milliseconds>(read_at_ - started_),
      .allow_actions = allow_actions_};
  json_texts_.push_back({since, std::make_shared<const std::string>(to_json(document))});
  return json_texts_.back().content;
}

shared_text snapshots::metrics(bool openmetrics) {
  refresh();
  shared_text& text = metrics_texts_[openmetrics ? 1 : 0];
  if (text == nullptr) {
    std::ostringstream out;
    write_openmetrics(out, pools_, process_,
                      openmetrics ? metrics_format::openmetrics : metrics_format::prometheus);
    text = std::make_shared<const std::string>(std::move(out).str());
  }
  return text;
}

void snapshots::collect() {
  forget();
  source_.collect();
}

std::uint64_t snapshots::drain() {
  forget();
  return source_.drain();
}

std::uint64_t snapshots::drain_pool(std::uint64_t id) {
  forget();
  return source_.drain_pool(id);
}

}  // namespace ebb::detail
