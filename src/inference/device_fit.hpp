// Which parts of an exam and a package fit on devices.
#pragma once

#include "gpu/device_process.hpp"
#include "inference/encoding.hpp"
#include "package/package.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline inference {

/// Each device gets this many parts of a batch: some lie ready while others run, and the last ones end at about the
/// same time.
inline constexpr std::int64_t kPartsPerDevice = DeviceProcess::kInFlight;

/// Room for the exam's parts and the package's probes; longer questions are for the CPU.
DeviceLimits limits_for(const Package& package, std::span<const EncodedQuestion> encoded, std::size_t devices);

bool fits(const EncodedQuestion& question, const DeviceLimits& limits);

/// Why no device can be checked by this probe of a model; empty: it can.
std::string why_no_check_by(const std::vector<Probe>& probe, const DeviceLimits& limits);

/// The shortest of the exam's questions and one of medium length, to be compared with the CPU; none if they do not
/// fit.
std::vector<std::size_t> choose_questions_to_check(std::span<const EncodedQuestion> encoded,
                                                   const DeviceLimits& limits);

} // namespace sciexam::inline inference
