// The GPUs of this machine that are wanted and usable.
#pragma once

#include "gpu/device_process.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline gpu {

/// The value of --device.
struct DeviceChoice {
  bool gpus = true;               ///< false: "cpu"
  bool insists = false;           ///< "cuda...": one that cannot be used is worth a warning
  std::vector<int> ordinals = {}; ///< of "cuda:0,1"; empty: all there are
};

/// Of "auto", "cpu", "cuda", "cuda:0", "cuda:0,1". Throws UsageError for anything else.
DeviceChoice parse_device_choice(std::string_view text);

class DeviceSet {
public:
  struct Finding {
    std::string text; ///< what the device is, or why it is not used
    bool used = false;
    bool there = false; ///< it is not used, but the driver works
  };

  /// Starts helpers and returns at once. To be called in the program's first thread, like open(). `folder`: see
  /// start_helper(). Throws UsageError for a wrong SCIEXAM_DEVICE_TIMEOUT.
  DeviceSet(DeviceChoice choice, std::filesystem::path folder);

  /// Waits, once, until every device is open or has said why not. The devices belong to the set.
  std::vector<DeviceProcess*> open();
  /// After open(): one per device, or a single one for what makes all of them unusable; at least one.
  const std::vector<Finding>& findings() const noexcept { return findings_; }
  /// After open(): true if any device answers.
  bool any_used() const;
  /// After open(): true if GPUs were asked for and one of them is not used.
  bool disappoints() const;

private:
  void start(int ordinal);
  void await(DeviceProcess& device);
  void note(const DeviceError& error);

  DeviceChoice choice_;
  std::filesystem::path folder_;
  double timeout_;
  bool opened_ = false;
  std::vector<std::unique_ptr<DeviceProcess>> devices_;
  std::vector<Finding> findings_;
};

} // namespace sciexam::inline gpu
