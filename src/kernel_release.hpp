// Kernels whose restartable sequences do not work, known by name.
#pragma once

#include <array>
#include <charconv>
#include <string_view>
#include <system_error>

namespace ebb::detail {

// Major, minor, patch: arrays compare as versions do.
using kernel_version = std::array<unsigned, 3>;

// What a release as uname(2) gives it begins with: "6.12.107+deb13-amd64", "7.0-custom". All zero if it
// does not begin with two numbers.
[[nodiscard]] inline kernel_version version_of(std::string_view release) noexcept {
  kernel_version v{};
  auto& [major, minor, patch] = v;
  const char* at = release.data();
  const char* const end = at + release.size();
  const auto number = [&](unsigned& into) {
    const auto [next, error] = std::from_chars(at, end, into);
    if (error != std::errc{}) return false;
    at = next;
    return true;
  };
  const auto dot = [&] { return at != end && *at++ == '.'; };
  if (!number(major) || !dot() || !number(minor)) return {};
  if (dot()) (void)number(patch);
  return v;
}

// Whether an arm64 kernel of this release resumes a critical section although another thread ran on its CPU
// in between: Linux 6.19 to 7.0.13 do. The fix, "arm64/entry: Fix arm64-specific rseq brokenness" (commit
// 411c1cf43039), is in 7.1 and in 7.0.14, the last of its series. 6.19.14 and 7.0.13 were seen to be broken
// by tests/vm, 7.1.3 not. Which release candidate of 7.1 it came with we do not know, so all of them are
// refused. So are kernels to which a distribution added the fix without changing the number: EBB_RSEQ=force
// is for them.
[[nodiscard]] inline bool arm64_misses_aborts(std::string_view release) noexcept {
  const kernel_version v = version_of(release);
  if (v == kernel_version{7, 1, 0} && release.find("-rc") != std::string_view::npos) return true;
  return v >= kernel_version{6, 19, 0} && v < kernel_version{7, 0, 14};
}

}  // namespace ebb::detail
