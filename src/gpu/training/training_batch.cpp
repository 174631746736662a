#include "gpu/training/training_batch.hpp"

#include "gpu/network/device_lane.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace sciexam::inline gpu {
namespace {

constexpr std::uint64_t kMaskWord = 32;

} // namespace

TrainingBatch::TrainingBatch(const GpuDevice& device, const NetworkShape& shape, const DeviceLimits& limits,
                             std::span<const std::uint16_t> rows_by_distance, Arena& arena)
    : BatchPlaces(shape, limits, arena), device_(device), shape_(shape), limits_(limits),
      rows_by_distance_(rows_by_distance) {
  void* pinned = nullptr;
  device.check(device.driver().mem_host_alloc(&pinned, bytes, 0), "pinning memory");
  host_ = static_cast<std::byte*>(pinned);
  std::fill_n(host_, bytes, std::byte{0});
}

TrainingBatch::~TrainingBatch() {
  device_.driver().mem_free_host(host_);
}

void TrainingBatch::take(const DeviceBatch& batch, driver::Stream stream) {
  require_valid(batch, shape_, limits_);
  tokens = static_cast<int>(batch.token_ids.size());
  sequences = static_cast<int>(batch.offsets.size()) - 1;
  std::copy(batch.token_ids.begin(), batch.token_ids.end(), host<std::int32_t>(ids));
  std::copy(batch.offsets.begin(), batch.offsets.end(), host<std::int32_t>(offsets));
  describe_sequences(batch.offsets);
  sort_tokens(batch.token_ids, words);
  if (shape_.position_rows > 0)
    sort_tokens({host<std::int32_t>(places), batch.token_ids.size()}, positions);
  if (shape_.type_vocab_size > 0) {
    std::copy(batch.token_type_ids.begin(), batch.token_type_ids.end(), host<std::int32_t>(type_ids));
    sort_tokens(batch.token_type_ids, types);
  }
  device_.check(device_.driver().memcpy_htod_async(ids, host_, bytes, stream), "copying a batch");
}

void TrainingBatch::describe_sequences(std::span<const std::int32_t> of_batch) {
  std::int32_t *place = host<std::int32_t>(places), *block = host<std::int32_t>(query_blocks);
  auto* mask_begin = host<std::int64_t>(mask_begins);
  int longest = 0;
  blocks = 0;
  probabilities = 0;
  for (std::size_t s = 0; s + 1 < of_batch.size(); ++s) {
    const std::int32_t length = of_batch[s + 1] - of_batch[s];
    longest = std::max(longest, length);
    std::iota(place, place + length, 0);
    place += length;
    for (std::int32_t query = 0; query < length; query += kQueryBlock, ++blocks) {
      *block++ = static_cast<std::int32_t>(s);
      *block++ = query;
    }
    *mask_begin++ = static_cast<std::int64_t>(probabilities);
    const auto elements = static_cast<std::uint64_t>(shape_.num_attention_heads) * static_cast<std::uint64_t>(length) *
                          static_cast<std::uint64_t>(length);
    probabilities += (elements + kMaskWord - 1) / kMaskWord * kMaskWord;
  }
  if (shape_.relative_rows > 0)
    describe_distances(longest);
}

void TrainingBatch::describe_distances(int longest) {
  const std::uint16_t* rows = rows_by_distance_.data() + (limits_.longest - 1); // of the distance 0
  auto* to = host<std::uint16_t>(distances);
  row_of_distance = distances + 2 * static_cast<driver::Pointer>(longest - 1);
  first_row = rows[1 - longest];
  table_rows = rows[longest - 1] - first_row + 1;
  strip_rows = (table_rows + 7) / 8 * 8;
  auto* first = host<std::int32_t>(first_distances);
  std::fill_n(first, strip_rows + 1, longest);
  for (int distance = longest - 1; distance > -longest; --distance) {
    to[distance + longest - 1] = static_cast<std::uint16_t>(rows[distance] - first_row);
    first[rows[distance] - first_row] = distance;
  }
}

void TrainingBatch::sort_tokens(std::span<const std::int32_t> rows, LookedUpRows& sorted) {
  std::int32_t *order = host<std::int32_t>(sorted.order), *starts = host<std::int32_t>(sorted.starts),
               *different = host<std::int32_t>(sorted.rows);
  const auto row_of = [&](std::int32_t token) { return rows[static_cast<std::size_t>(token)]; };
  std::iota(order, order + rows.size(), 0);
  std::stable_sort(order, order + rows.size(), [&](std::int32_t a, std::int32_t b) { return row_of(a) < row_of(b); });
  sorted.count = 0;
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(rows.size()); ++i)
    if (i == 0 || row_of(order[i]) != row_of(order[i - 1])) {
      starts[sorted.count] = i;
      different[sorted.count++] = row_of(order[i]);
    }
  starts[sorted.count] = static_cast<std::int32_t>(rows.size());
}

} // namespace sciexam::inline gpu
