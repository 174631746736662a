#include "support/machine/memory.hpp"

#include "support/machine/cgroup.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <new>
#include <optional>

#include <malloc.h>

namespace sciexam::inline support {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

constexpr std::size_t kReserve = std::size_t{2} << 20;
std::atomic<void*> reserve{nullptr};

/// Called by operator new when it finds no memory, before it tries again.
void give_up_reserve() {
  void* held = reserve.exchange(nullptr);
  if (held == nullptr)
    throw std::bad_alloc();
  std::free(held);
}

/// The number in a file; nothing for text such as "max", or if there is no such file.
std::optional<std::uint64_t> number_in(const fs::path& file) {
  std::uint64_t number = 0;
  if (std::ifstream(file) >> number)
    return number;
  return std::nullopt;
}

/// The number that follows a name at the beginning of a line: "MemAvailable:  123 kB", "inactive_file 123".
std::uint64_t number_after(const fs::path& file, const std::string& name) {
  std::ifstream lines(file);
  std::string word, rest;
  std::uint64_t number = 0;
  while (lines >> word >> number) {
    if (word == name)
      return number;
    std::getline(lines, rest);
  }
  return 0;
}

std::uint64_t rest_of(std::uint64_t limit, std::uint64_t used) {
  return limit > used ? limit - used : 0;
}

/// What one group leaves; the names are those of cgroup v2 or v1.
std::uint64_t left_in_group(const fs::path& group) {
  const fs::path statistics = group / "memory.stat";
  if (const auto limit = number_in(group / "memory.max"))
    return rest_of(*limit,
                   rest_of(number_in(group / "memory.current").value_or(0),
                           number_after(statistics, "inactive_file") + number_after(statistics, "active_file")));
  if (const auto limit = number_in(group / "memory.limit_in_bytes"))
    return rest_of(*limit, rest_of(number_in(group / "memory.usage_in_bytes").value_or(0),
                                   number_after(statistics, "total_inactive_file") +
                                       number_after(statistics, "total_active_file")));
  return kUnlimited;
}

} // namespace

std::uint64_t available_memory(const fs::path& root) {
  constexpr std::uint64_t kKilobyte = 1024;
  const std::uint64_t machine = number_after(root / "proc/meminfo", "MemAvailable:") * kKilobyte;
  std::uint64_t left = machine > 0 ? machine : kUnlimited;
  for_each_cgroup(
      "memory", [&](const fs::path& group) { left = std::min(left, left_in_group(group)); }, root);
  return left == kUnlimited ? 0 : left;
}

void give_back_memory() {
  ::malloc_trim(0);
}

bool renew_memory_reserve() {
  std::set_new_handler(give_up_reserve);
  if (reserve.load() == nullptr) {
    void* none = nullptr;
    void* fresh = std::malloc(kReserve);
    if (!reserve.compare_exchange_strong(none, fresh))
      std::free(fresh); // another thread was faster
  }
  return reserve.load() != nullptr;
}

std::string format_memory(std::uint64_t bytes) {
  const auto size = static_cast<double>(bytes);
  return size < 1e9 ? format_fixed(size / 1e6, 0) + " MB" : format_fixed(size / 1e9, 1) + " GB";
}

} // namespace sciexam::inline support
