#include "gpu/device_set.hpp"

#include "support/memory.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sciexam {
namespace {

std::string describe(const DeviceProcess& device, const protocol::DeviceFacts& facts) {
  const auto version = [](int major, int minor) { return std::to_string(major) + "." + std::to_string(minor); };
  return device.name() + ": compute capability " +
         version(facts.compute_capability / 10, facts.compute_capability % 10) + ", " +
         format_memory(facts.free_memory) + " of " + format_memory(facts.total_memory) + " free, driver for CUDA " +
         version(facts.driver_version / 1000, facts.driver_version % 1000 / 10);
}

} // namespace

DeviceChoice parse_device_choice(std::string_view text) {
  const auto refuse = [&]() -> DeviceChoice {
    throw UsageError("'" + std::string(text) + "' is no device. Give auto, cpu, cuda, or cuda with numbers: cuda:0,1");
  };
  if (text == "auto")
    return {};
  if (text == "cpu")
    return {.gpus = false};
  DeviceChoice choice{.insists = true};
  if (text == "cuda")
    return choice;
  if (!text.starts_with("cuda:"))
    return refuse();
  constexpr int kMostDevices = 64;
  const char *at = text.data() + std::string_view("cuda:").size(), *end = text.data() + text.size();
  for (;;) {
    int ordinal = -1;
    const auto [rest, error] = std::from_chars(at, end, ordinal);
    if (error != std::errc() || ordinal < 0 || ordinal >= kMostDevices ||
        std::find(choice.ordinals.begin(), choice.ordinals.end(), ordinal) != choice.ordinals.end())
      return refuse();
    choice.ordinals.push_back(ordinal);
    if (rest == end)
      return choice;
    if (*rest != ',')
      return refuse();
    at = rest + 1;
  }
}

DeviceSet::DeviceSet(DeviceChoice choice, std::filesystem::path folder)
    : choice_(std::move(choice)), folder_(std::move(folder)), timeout_(device_timeout()) {
  if (!choice_.gpus) {
    findings_.emplace_back("none: --device cpu");
    return;
  }
  for (const int ordinal : choice_.ordinals)
    start(ordinal);
  if (choice_.ordinals.empty())
    start(0); // says how many there are
}

void DeviceSet::start(int ordinal) {
  try {
    devices_.push_back(std::make_unique<DeviceProcess>(ordinal, folder_, timeout_));
  } catch (const DeviceError& error) {
    findings_.push_back(std::string("not used: ") + error.what());
    disappoints_ = choice_.insists;
  }
}

void DeviceSet::await(std::size_t device) {
  try {
    findings_.push_back(describe(*devices_[device], devices_[device]->facts()));
  } catch (const DeviceError& error) {
    // Without a driver all of them say the same.
    const bool none = error.fault() == DeviceFault::no_driver;
    const std::string finding = (none ? "none used: " : "not used: ") + std::string(error.what());
    if (!none || std::find(findings_.begin(), findings_.end(), finding) == findings_.end())
      findings_.push_back(finding);
    disappoints_ = choice_.insists;
  }
}

std::vector<DeviceProcess*> DeviceSet::open() {
  if (!std::exchange(opened_, true)) {
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      await(i);
      if (i == 0 && choice_.ordinals.empty())
        for (int ordinal = 1; ordinal < devices_[0]->devices_there(); ++ordinal)
          start(ordinal);
    }
  }
  std::vector<DeviceProcess*> alive;
  for (const auto& device : devices_)
    if (device->alive())
      alive.push_back(device.get());
  return alive;
}

} // namespace sciexam
