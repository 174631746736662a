// Token sequences in the form that a device takes.
#pragma once

#include "gpu/device_batch.hpp"
#include "inference/encoding.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace sciexam::inline inference {

/// Sequences laid end to end.
struct DeviceSequences {
  std::vector<std::int32_t> ids, types, offsets{0};

  void add(std::span<const std::int32_t> token_ids, std::span<const std::int32_t> token_type_ids) {
    ids.insert(ids.end(), token_ids.begin(), token_ids.end());
    types.insert(types.end(), token_type_ids.begin(), token_type_ids.end());
    offsets.push_back(static_cast<std::int32_t>(ids.size()));
  }
  void add(const EncodedQuestion& question) {
    for (const Encoding& encoding : question)
      add(encoding.ids, encoding.type_ids);
  }
  DeviceBatch view() const { return {ids, types, offsets}; }
};

} // namespace sciexam::inline inference
