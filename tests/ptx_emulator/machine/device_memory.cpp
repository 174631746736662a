#include "ptx_emulator/machine/device_memory.hpp"

#include <algorithm>
#include <new>

#include <sys/mman.h>

namespace sciexam::emulated {
namespace {

constexpr std::uint64_t kGap = std::uint64_t{1} << 20; ///< between allocations
constexpr std::uint64_t kAlignment = 512;

/// Zeros that take no memory before they are touched.
void* map_zeros(std::uint64_t bytes) {
  void* const data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED)
    throw std::bad_alloc();
  return data;
}

} // namespace

DeviceMemory::~DeviceMemory() {
  while (!allocations_.empty())
    free(allocations_.begin()->first);
}

Allocation* DeviceMemory::allocate(std::uint64_t bytes) {
  if (bytes > capacity_ - used_)
    return nullptr;
  Allocation allocation{.address = next_, .bytes = bytes};
  allocation.data = static_cast<std::byte*>(map_zeros(2 * bytes));
  allocation.written = reinterpret_cast<std::uint8_t*>(allocation.data) + bytes;
  next_ = (next_ + bytes + kGap + kAlignment - 1) / kAlignment * kAlignment;
  used_ += bytes;
  return &allocations_.emplace(allocation.address, allocation).first->second;
}

bool DeviceMemory::free(std::uint64_t address) {
  const auto found = allocations_.find(address);
  if (found == allocations_.end())
    return false;
  used_ -= found->second.bytes;
  ::munmap(found->second.data, 2 * found->second.bytes);
  allocations_.erase(found);
  return true;
}

const Allocation* DeviceMemory::near(std::uint64_t address) const {
  const auto after = allocations_.upper_bound(address);
  return after == allocations_.begin() ? nullptr : &std::prev(after)->second;
}

const Allocation* DeviceMemory::find(std::uint64_t address, std::uint64_t bytes) const {
  const Allocation* allocation = near(address);
  return allocation != nullptr && allocation->holds(address, bytes) ? allocation : nullptr;
}

} // namespace sciexam::emulated
