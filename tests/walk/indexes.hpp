// Where ids come from.
#pragma once

#include <array>
#include <thread>

#include "operations.hpp"

namespace ebb::walk {

// A variable of this thread; the section is armed in the real area, and restarted by the kernel as ever.
class made_up_index final : public index_source {
 public:
  made_up_index() noexcept;
  [[nodiscard]] const percpu::rseq_layout& layout() const noexcept override { return layout_; }
  void migrate() noexcept override;
  static constexpr std::uint32_t ids = 16;

 private:
  percpu::rseq_layout layout_;
};

// The kernel's: cpu_id or mm_cid, as the library chose. Needs two CPUs to migrate. A process of one thread
// keeps its mm_cid when it migrates, so here is a second one, which has an id on the other CPU.
class kernel_index final : public index_source {
 public:
  kernel_index() noexcept;
  [[nodiscard]] const percpu::rseq_layout& layout() const noexcept override { return percpu::layout; }
  void migrate() noexcept override;
  [[nodiscard]] bool can_migrate() const noexcept { return cpu_[0] != cpu_[1]; }

 private:
  std::array<int, 2> cpu_{};
  unsigned at_ = 0;
  std::jthread companion_;
};

}  // namespace ebb::walk
