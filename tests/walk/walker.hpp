// Makes the cases, runs them, and judges what came out.
#pragma once

#include <memory>
#include <span>

#include "breakpoints.hpp"
#include "indexes.hpp"
#include "operations.hpp"

namespace ebb::walk {

// How a case begins.
struct variant {
  fill home = fill::middle;
  std::uint64_t word = 0;
  bool stale = false;  // exchange_top expects what is not there
};

// What is going to come in between, and where. A nested second stop is in the operation `inner`, which the
// first calls after its action.
struct plan {
  request outer;
  request inner;
  bool nested = false;
  std::array<const boundary*, 2> at{};
  std::array<action, 2> what{};
  unsigned round = 0;  // if not 0, nothing is at a boundary, but the first is in this round of a loop
};

class walker {
 public:
  walker(const char* list, bool made_up);

  void once(op what);
  void twice(op what);
  void pair(op outer, op inner);
  void finish();
  [[nodiscard]] std::uint64_t violations() const noexcept { return violations_; }

  // For the handlers of signals.
  void on_stop(code* at, bool restarted) noexcept;
  void describe() const noexcept;

 private:
  using boundaries = std::vector<boundary>;

  void rounds(op what);
  void run(const plan& p, const variant& v);
  bool attempt(const variant& v);
  const char* judge();
  [[nodiscard]] bool explains(std::span<const int> order) const noexcept;
  [[nodiscard]] bool some_order_explains() const noexcept;
  void report(const char* wrong) noexcept;
  void choose_ids() noexcept;
  [[nodiscard]] std::vector<action> actions(op what, bool few) const;
  void end_line(const std::string& name, std::uint64_t cases_before);

  std::unique_ptr<index_source> index_;
  bool can_migrate_ = true;
  std::array<boundaries, op_names.size()> of_;
  world world_;

  // The case in progress.
  plan plan_;
  description before_;
  description after_;
  std::array<event, 2> events_;
  unsigned hits_ = 0;
  bool inner_called_ = false;
  outcome outer_out_;
  outcome inner_out_;
  int place_ = 0;
  bool usable_ = true;
  const char* wrong_stop_ = nullptr;
  const char* fill_name_ = "";

  std::uint64_t cases_ = 0;  // in which every breakpoint was hit
  std::uint64_t runs_ = 0;
  std::uint64_t restarts_ = 0;
  std::uint64_t migrations_ = 0;
  std::uint64_t moves_ = 0;     // those that changed the id; with mm_cid a migration need not
  std::uint64_t repeated_ = 0;  // because the kernel changed the id
  std::uint64_t violations_ = 0;
};

}  // namespace ebb::walk
