// A list of postings: what the reference decoder accepts, a search's cursor reads with every kernel as the same; what
// it refuses is refused there, or at least read without harm. The first two bytes say how many passages the list has,
// the third how many the shard; the list follows.
#include "checked_bytes.hpp"
#include "kernels/isa.hpp"
#include "retrieval/index/postings_writer.hpp"
#include "retrieval/search/list_cursor.hpp"
#include "support/errors.hpp"

#include <cstdlib>
#include <optional>

using namespace sciexam;
using namespace sciexam::test;

namespace {

/// Every posting that a cursor comes to.
std::vector<Posting> walk(const Shard& shard, const ListPlace& place, const SearchKernels& kernels) {
  ListCursor cursor(shard, place, {1000, 0.3F, 0.01F}, kernels);
  std::vector<Posting> postings;
  for (std::uint32_t next = 0; next < shard.passages;) {
    const std::uint32_t passage = cursor.seek(next);
    if (passage == kNoPassage)
      break;
    if (passage < next || passage >= shard.passages)
      std::abort();
    postings.push_back({passage, cursor.frequency_of(passage)});
    next = passage + 1;
  }
  return postings;
}

/// Sums that are written outside of their window are for the sanitizer to find.
void add_all(const Shard& shard, const ListPlace& place, const SearchKernels& kernels) {
  constexpr std::uint32_t kWindow = 512;
  ListCursor cursor(shard, place, {1000, 0.3F, 0.01F}, kernels);
  const std::int32_t weight = 1;
  for (std::uint32_t begin = 0; begin < shard.passages; begin += kWindow) {
    std::vector<std::int32_t> sums(kWindow);
    std::vector<std::uint64_t> touched(kWindow / 64);
    cursor.seek(begin);
    cursor.add_before(std::min(begin + kWindow, shard.passages),
                      {.window_begin = begin, .weights = &weight, .sums = sums.data(), .touched = touched.data()},
                      kernels.add_to_one);
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kBefore = 3;
  if (size < kBefore)
    return 0;
  const std::uint32_t passages = 1 + data[2] * 64U;
  const std::string list(reinterpret_cast<const char*>(data) + kBefore, size - kBefore);
  const CheckedBytes postings(kPostingsMarker, list + std::string(kReadBeyond, '\0'));
  const CheckedBytes lengths(kLengthsMarker, std::string(2 * passages + kReadBeyond, '\x21'));
  const Shard shard = {0, passages, postings.open(kPostingsMarker), lengths.open(kLengthsMarker)};
  const ListPlace place = {kMarkerBytes, list.size(), data[0] + 256U * data[1]};
  std::optional<std::vector<Posting>> expected;
  try {
    expected = read_list(shard.postings, place, passages);
  } catch (const PackageError&) {
  }
  for (const SearchKernels* kernels : {&per_isa::kAvx2Search, &per_isa::kAvx512Search}) {
    if (kernels == &per_isa::kAvx512Search && !cpu_has(Isa::avx512))
      continue;
    try {
      const std::vector<Posting> found = walk(shard, place, *kernels);
      if (expected && found != *expected)
        std::abort();
      add_all(shard, place, *kernels);
    } catch (const PackageError&) {
      if (expected)
        std::abort();
    }
  }
  return 0;
}
