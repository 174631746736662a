#include "kernels/aligned_floats.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

namespace sciexam::inline kernels {
namespace {

constexpr std::size_t kAlignment = 64, kHugePage = std::size_t{2} << 20;

std::size_t round_up(std::size_t bytes, std::size_t step) {
  return (bytes + step - 1) / step * step;
}

/// A mapping that begins and ends at huge pages.
float* map_huge(std::size_t bytes) {
  void* mapped = ::mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    throw std::bad_alloc();
  auto* begin = static_cast<std::byte*>(mapped);
  const std::size_t before =
      round_up(reinterpret_cast<std::uintptr_t>(begin), kHugePage) - reinterpret_cast<std::uintptr_t>(begin);
  if (before > 0)
    ::munmap(begin, before);
  if (before < kHugePage)
    ::munmap(begin + before + bytes, kHugePage - before);
  ::madvise(begin + before, bytes, MADV_HUGEPAGE); // a hint: where it is refused, pages are small
  return reinterpret_cast<float*>(begin + before);
}

} // namespace

AlignedFloats::AlignedFloats(std::int64_t count) : bytes_(static_cast<std::size_t>(count) * sizeof(float)) {
  if (bytes_ >= kHugePage) {
    bytes_ = round_up(bytes_, kHugePage);
    floats_ = map_huge(bytes_);
  } else if (bytes_ > 0) {
    floats_ = static_cast<float*>(std::aligned_alloc(kAlignment, round_up(bytes_, kAlignment)));
    if (floats_ == nullptr)
      throw std::bad_alloc();
  }
}

AlignedFloats AlignedFloats::zeros(std::int64_t count) {
  AlignedFloats floats(count);
  if (floats.bytes_ < kHugePage) // a mapping is zero already, and takes memory only where it is written
    std::fill_n(floats.data(), count, 0.0F);
  return floats;
}

AlignedFloats::~AlignedFloats() {
  if (bytes_ >= kHugePage)
    ::munmap(floats_, bytes_);
  else
    std::free(floats_);
}

} // namespace sciexam::inline kernels
