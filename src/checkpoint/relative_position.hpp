// Relative positions of DeBERTa: a distance between two tokens becomes a row of
// the relative embedding table. DeBERTa (He et al. 2021), section 3.1; the log
// buckets are those of DeBERTa-v2, make_log_bucket_position in
// transformers/models/deberta_v2/modeling_deberta_v2.py.
#pragma once

#include "checkpoint/config.hpp"

#include <cstdint>
#include <vector>

namespace sciexam::inline checkpoint {

/// The bucket of one distance `relative_position` (query minus key): the
/// distance itself up to position_buckets / 2, beyond that its logarithm,
/// reaching position_buckets - 1 at `max_position` - 1 and growing further.
/// Odd: bucket(-d) == -bucket(d).
std::int64_t log_bucket_position(std::int64_t relative_position, std::int64_t position_buckets,
                                 std::int64_t max_position);

/// The row of the relative table (2 * attention_span rows) for one distance:
/// clamp(bucket + attention_span, 0, 2 * attention_span - 1), which serves
/// content-to-position and position-to-content alike because buckets are odd.
std::int64_t relative_row(std::int64_t relative_position, const DebertaConfig& config);

/// Rows for the distances length - 1, length - 2, ..., -length, in this order:
/// 2 * length of them (the last is never used; it makes the width even, see disentangled_attention.cpp).
std::vector<std::int64_t> relative_rows_by_distance(std::int64_t length, const DebertaConfig& config);

} // namespace sciexam::inline checkpoint
