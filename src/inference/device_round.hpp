// A batch on its way through all devices, with the CPU beside them.
#pragma once

#include "gpu/device_process.hpp"
#include "inference/device_check.hpp"
#include "inference/encoding.hpp"
#include "inference/logits.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace sciexam::inline inference {

/// What the devices' threads share. Each thread alone writes the answers of the parts that it took; the CPU writes
/// those of other places.
struct DeviceRound {
  /// Questions that go to a device together: places in the batch.
  struct Part {
    std::vector<std::size_t> places;
    std::vector<float> logits = {};
  };
  /// How far a device is from the logits of the package's probe; asks its argument whether to stop.
  using ProbeErrors = std::function<LogitErrors(const std::function<bool()>& stop)>;

  std::span<const std::size_t> batch;
  std::int64_t max_length = 0;
  std::vector<EncodedQuestion> questions = {};
  PartialAnswers answers = {};
  std::vector<std::size_t> for_cpu = {}; ///< places that the CPU answers meanwhile
  std::deque<Part> waiting = {};
  std::mutex mutex = {};
  std::condition_variable changed = {};
  std::size_t ended = 0;   ///< threads
  std::int64_t tokens = 0; ///< that devices answered
  double end = 0;          ///< of the last thread
  std::atomic<bool> stop = false;

  /// Cuts the questions without an answer that are for the devices into parts. False if there are none.
  bool plan_parts(const DeviceLimits& limits, std::size_t devices);
  /// On a device's thread: takes parts until none is left, some ahead of those that run. The answers count if the probe
  /// is right after them. Throws DeviceError.
  void answer_parts(DeviceProcess& device, const ProbeErrors& probe_errors);

private:
  std::optional<Part> take();
};

} // namespace sciexam::inline inference
