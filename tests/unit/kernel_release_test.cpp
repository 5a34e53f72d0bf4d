#include "kernel_release.hpp"

#include <gtest/gtest.h>

namespace {

using ebb::detail::arm64_misses_aborts;
using ebb::detail::kernel_version;
using ebb::detail::version_of;

TEST(KernelRelease, begins_with_its_version) {
  EXPECT_EQ(version_of("6.1.0-50-cloud-arm64"), (kernel_version{6, 1, 0}));
  EXPECT_EQ(version_of("6.12.107+deb13-amd64"), (kernel_version{6, 12, 107}));
  EXPECT_EQ(version_of("7.0"), (kernel_version{7, 0, 0}));
  EXPECT_EQ(version_of("7.1-rc3"), (kernel_version{7, 1, 0}));
  EXPECT_EQ(version_of("10.20.30"), (kernel_version{10, 20, 30}));
}

TEST(KernelRelease, is_nothing_where_there_are_no_numbers) {
  for (const char* const release : {"", "7", "7.", ".1", "custom", "x.6.19", "-6.19", " 6.19", "6.x"}) {
    EXPECT_EQ(version_of(release), kernel_version{}) << '"' << release << '"';
    EXPECT_FALSE(arm64_misses_aborts(release)) << '"' << release << '"';
  }
  EXPECT_EQ(version_of("99999999999.1"), kernel_version{}) << "more than fits";
}

TEST(KernelRelease, arm64_is_refused_from_6_19_until_the_fix) {
  for (const char* const release :
       {"6.19.0-rc1", "6.19.0", "6.19.12-arch1-1", "6.19", "7.0.0", "7.0.0-30-generic", "7.0-custom",
        "7.0.13+deb14-cloud-arm64", "7.1.0-rc1", "7.1-rc4"}) {
    EXPECT_TRUE(arm64_misses_aborts(release)) << release;
  }
}

TEST(KernelRelease, arm64_is_used_before_6_19_and_since_the_fix) {
  for (const char* const release : {"5.10.0-36-arm64", "6.1.0-50-cloud-arm64", "6.12.107+deb13-cloud-arm64",
                                    "6.18.44", "7.0.14", "7.0.14-orbstack-00380-ga7e0a2dc9535", "7.1.0",
                                    "7.1.5-arch1-2", "7.2.0-rc1", "7.2.13+deb14-cloud-arm64", "8.0.0"}) {
    EXPECT_FALSE(arm64_misses_aborts(release)) << release;
  }
}

}  // namespace
