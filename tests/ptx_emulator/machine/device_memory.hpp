// A device's memory: allocations far apart, which know which of their bytes were written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace sciexam::emulated {

struct Allocation {
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
  std::byte* data = nullptr;
  std::uint8_t* written = nullptr; ///< a byte each: 0xff where `data` has a value
  bool read_only = false;          ///< .const
  std::string name = {};           ///< of a module's variable

  bool holds(std::uint64_t from, std::uint64_t count) const {
    return from >= address && count <= bytes && from - address <= bytes - count;
  }
};

class DeviceMemory {
public:
  /// Addresses are above `first` and never used twice. The host must not take them for its own: they point nowhere.
  DeviceMemory(std::uint64_t first, std::uint64_t capacity) : next_(first), capacity_(capacity) {}
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  ~DeviceMemory();

  /// Null if the capacity does not suffice.
  Allocation* allocate(std::uint64_t bytes);
  /// False if no allocation starts there.
  bool free(std::uint64_t address);
  /// The allocation that holds the address, or the last one before it; null if there is none.
  const Allocation* near(std::uint64_t address) const;
  /// The allocation that holds all of the bytes, or null.
  const Allocation* find(std::uint64_t address, std::uint64_t bytes) const;

  std::uint64_t capacity() const { return capacity_; }
  std::uint64_t used() const { return used_; }
  std::size_t allocations() const { return allocations_.size(); }

private:
  std::uint64_t next_;
  std::uint64_t capacity_;
  std::uint64_t used_ = 0;
  std::map<std::uint64_t, Allocation> allocations_;
};

} // namespace sciexam::emulated
