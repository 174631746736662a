// The GPUs of this machine, as far as they are wanted and can be used.
#pragma once

#include "gpu/device_process.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam {

/// What --device says.
struct DeviceChoice {
  bool gpus = true;               ///< false: "cpu"
  bool insists = false;           ///< "cuda...": one that cannot be used is worth a warning
  std::vector<int> ordinals = {}; ///< of "cuda:0,1"; empty: all there are
};

/// Of "auto", "cpu", "cuda", "cuda:0", "cuda:0,1". Throws UsageError for anything else.
DeviceChoice parse_device_choice(std::string_view text);

class DeviceSet {
public:
  /// Starts helpers and returns at once. To be called in the program's first thread, as open(). `folder`: see
  /// start_helper(). Throws UsageError for a wrong SCIEXAM_DEVICE_TIMEOUT.
  DeviceSet(DeviceChoice choice, std::filesystem::path folder);

  /// Waits, once, until every device is open or has said why not. The devices belong to the set.
  std::vector<DeviceProcess*> open();
  /// After open(): a line for each device that is used, and for what is not used the reason; at least one.
  const std::vector<std::string>& findings() const noexcept { return findings_; }
  /// After open(): true if a device that was asked for by name is not used.
  bool disappoints() const noexcept { return disappoints_; }

private:
  void start(int ordinal);
  void await(std::size_t device);

  DeviceChoice choice_;
  std::filesystem::path folder_;
  double timeout_;
  bool opened_ = false, disappoints_ = false;
  std::vector<std::unique_ptr<DeviceProcess>> devices_;
  std::vector<std::string> findings_;
};

} // namespace sciexam
