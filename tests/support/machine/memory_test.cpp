// Limits of control groups, in a tree that looks like /proc and /sys.
#include "support/machine/cgroup.hpp"
#include "support/machine/memory.hpp"
#include "support/machine/threads.hpp"
#include "temporary_folder.hpp"

#include <fstream>
#include <new>
#include <vector>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using sciexam::test::TemporaryFolder;

namespace {

namespace fs = std::filesystem;

void put(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

constexpr const char* kMeminfo =
    "MemTotal:       2000 kB\nMemFree:  10 kB\nMemAvailable:   1000 kB\nHugePages_Total:  0\n";

} // namespace

TEST_CASE("groups are visited from this process's own up to the root, in both versions") {
  const TemporaryFolder root;
  put(root / "proc/self/cgroup", "12:pids:/x\n4:cpu,cpuacct:/a\n0::/outer/inner\n");
  std::vector<fs::path> asked;
  for_each_cgroup(
      "cpu", [&](const fs::path& group) { asked.push_back(group); }, root.path());
  const fs::path mount = root / "sys/fs/cgroup";
  CHECK(asked == std::vector<fs::path>{mount / "cpu/a", mount / "cpu", mount / "outer/inner", mount / "outer", mount});
}

TEST_CASE("a name that only begins like the controller is another one") {
  const TemporaryFolder root;
  put(root / "proc/self/cgroup", "4:cpuset:/a\n");
  int asked = 0;
  for_each_cgroup(
      "cpu", [&](const fs::path&) { ++asked; }, root.path());
  CHECK(asked == 0);
}

TEST_CASE("without a limit the machine's memory is available, and 0 where nothing is known") {
  const TemporaryFolder root;
  CHECK(available_memory(root.path()) == 0);
  put(root / "proc/meminfo", kMeminfo);
  put(root / "proc/self/cgroup", "0::/\n");
  put(root / "sys/fs/cgroup/memory.max", "max\n");
  CHECK(available_memory(root.path()) == 1000 * 1024);
}

TEST_CASE("a group's limit counts, minus what it uses apart from cached files") {
  const TemporaryFolder root;
  put(root / "proc/meminfo", kMeminfo);
  put(root / "proc/self/cgroup", "0::/outer/inner\n");
  put(root / "sys/fs/cgroup/outer/memory.max", "900000\n");
  put(root / "sys/fs/cgroup/outer/memory.current", "500000\n");
  CHECK(available_memory(root.path()) == 400000);
  put(root / "sys/fs/cgroup/outer/memory.stat", "anon 300000\ninactive_file 150000\nactive_file 50000\n");
  CHECK(available_memory(root.path()) == 600000);
  put(root / "sys/fs/cgroup/outer/inner/memory.max", "1000\n");
  put(root / "sys/fs/cgroup/outer/inner/memory.current", "5000\n");
  CHECK(available_memory(root.path()) == 0);
}

TEST_CASE("limits of version 1 count too") {
  const TemporaryFolder root;
  put(root / "proc/meminfo", kMeminfo);
  put(root / "proc/self/cgroup", "3:memory:/box\n");
  put(root / "sys/fs/cgroup/memory/box/memory.limit_in_bytes", "800000\n");
  put(root / "sys/fs/cgroup/memory/box/memory.usage_in_bytes", "300000\n");
  put(root / "sys/fs/cgroup/memory/box/memory.stat", "total_inactive_file 100000\ntotal_active_file 1\n");
  CHECK(available_memory(root.path()) == 600001);
}

TEST_CASE("a container with the time of 2 of 64 CPUs has 2, whichever of its groups says so") {
  const TemporaryFolder root;
  CHECK_FALSE(cpu_quota(root.path()));
  put(root / "proc/self/cgroup", "0::/outer/inner\n");
  put(root / "sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
  CHECK_FALSE(cpu_quota(root.path()));
  put(root / "sys/fs/cgroup/outer/cpu.max", "200000 100000\n");
  CHECK(cpu_quota(root.path()) == 2);
  put(root / "sys/fs/cgroup/outer/inner/cpu.max", "25000 50000\n");
  CHECK(cpu_quota(root.path()) == 0.5);
  put(root / "sys/fs/cgroup/outer/inner/cpu.max", "400000 100000\n"); // more than the group above has to give
  CHECK(cpu_quota(root.path()) == 2);
}

TEST_CASE("quotas of version 1 count too, also where a container sees the host's paths") {
  const TemporaryFolder root;
  put(root / "proc/self/cgroup", "4:cpu,cpuacct:/docker/0123abc\n0::/\n");
  put(root / "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  put(root / "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  CHECK_FALSE(cpu_quota(root.path()));
  put(root / "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n");
  CHECK(cpu_quota(root.path()) == 1.5);
}

TEST_CASE("files that hold no quota limit nothing") {
  const TemporaryFolder root;
  put(root / "proc/self/cgroup", "0::/\n");
  for (const char* text : {"", "many of them", "100000", "100000 0", "0 100000", "-5 100000"}) {
    put(root / "sys/fs/cgroup/cpu.max", text);
    CAPTURE(text);
    CHECK_FALSE(cpu_quota(root.path()));
  }
}

TEST_CASE("this machine's memory is known") {
  CHECK(available_memory() > 0);
}

TEST_CASE("amounts of memory are given in MB and GB") {
  CHECK(format_memory(5'100'000'000) == "5.1 GB");
  CHECK(format_memory(999'400'000) == "999 MB");
}

TEST_CASE("a reserve is given up once when memory runs out, and then there is room again") {
  REQUIRE(renew_memory_reserve());
  const std::new_handler handler = std::get_new_handler();
  REQUIRE(handler != nullptr);
  CHECK_NOTHROW(handler()); // operator new would try again now
  CHECK_THROWS_AS(handler(), std::bad_alloc);
  CHECK(renew_memory_reserve());
  CHECK(renew_memory_reserve()); // it is there already
  CHECK_NOTHROW(handler());
  std::set_new_handler(nullptr);
}
