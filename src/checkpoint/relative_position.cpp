#include "checkpoint/relative_position.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace sciexam::inline checkpoint {

std::int64_t log_bucket_position(std::int64_t relative_position, std::int64_t position_buckets,
                                 std::int64_t max_position) {
  const std::int64_t mid = position_buckets / 2;
  const std::int64_t distance = std::abs(relative_position);
  if (distance <= mid)
    return relative_position;
  // The reference computes in float32, and its rounding decides on which side of ceil() a distance falls.
  const float logarithm = std::log(static_cast<float>(distance) / static_cast<float>(mid)) /
                          std::log(static_cast<float>(max_position - 1) / static_cast<float>(mid)) *
                          static_cast<float>(mid - 1);
  const std::int64_t bucket = static_cast<std::int64_t>(std::ceil(logarithm)) + mid;
  return relative_position < 0 ? -bucket : bucket;
}

std::int64_t relative_row(std::int64_t relative_position, const DebertaConfig& config) {
  const std::int64_t span = config.attention_span();
  const std::int64_t bucket =
      config.position_buckets > 0
          ? log_bucket_position(relative_position, config.position_buckets, config.max_relative_distance())
          : relative_position;
  return std::clamp<std::int64_t>(bucket + span, 0, 2 * span - 1);
}

std::vector<std::int64_t> relative_rows_by_distance(std::int64_t length, const DebertaConfig& config) {
  std::vector<std::int64_t> rows;
  rows.reserve(static_cast<std::size_t>(2 * length));
  for (std::int64_t distance = length - 1; distance >= -length; --distance)
    rows.push_back(relative_row(distance, config));
  return rows;
}

} // namespace sciexam::inline checkpoint
