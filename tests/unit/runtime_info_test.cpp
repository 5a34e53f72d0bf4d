#include <ebb/runtime_info.hpp>

#include <gtest/gtest.h>

#include <sys/auxv.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace {

std::string environment() {
  const char* const value = std::getenv("EBB_RSEQ");
  return value == nullptr ? "" : value;
}

TEST(RuntimeInfo, every_path_and_index_has_its_name) {
  EXPECT_STREQ(to_string(ebb::access_path::rseq), "rseq");
  EXPECT_STREQ(to_string(ebb::access_path::portable), "portable");
  EXPECT_STREQ(to_string(ebb::shard_index::mm_cid), "mm_cid");
  EXPECT_STREQ(to_string(ebb::shard_index::cpu_id), "cpu_id");
  EXPECT_STREQ(to_string(ebb::shard_index::thread), "thread");
}

TEST(RuntimeInfo, says_which_path_and_why) {
  const ebb::runtime_information info = ebb::runtime_info();
  EXPECT_FALSE(info.reason.empty());
  EXPECT_GE(info.shards, 1u);
  if (info.path == ebb::access_path::rseq) {
    EXPECT_NE(info.index, ebb::shard_index::thread);
    const bool asked_for_cpu_id = environment() == "cpu_id";
    EXPECT_EQ(info.index == ebb::shard_index::mm_cid, ::getauxval(27) >= 28 && !asked_for_cpu_id);
    EXPECT_GE(info.shards, static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_CONF)))
        << "by the CPUs that are possible, not by those that are online or allowed";
  } else {
    EXPECT_EQ(info.index, ebb::shard_index::thread);
  }
}

TEST(RuntimeInfo, obeys_the_environment) {
  if (environment() != "off") GTEST_SKIP() << "EBB_RSEQ=off is not set";
  EXPECT_EQ(ebb::runtime_info().path, ebb::access_path::portable);
}

}  // namespace
