#include "gpu/device_set.hpp"

#include "support/machine/memory.hpp"

#include <algorithm>
#include <charconv>
#include <new>
#include <utility>

namespace sciexam::inline gpu {
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
    throw UsageError("'" + std::string(text) +
                     "' is not a device. Give auto, cpu, cuda, or cuda with numbers: cuda:0,1");
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
    findings_.push_back({"none looked for: --device cpu"});
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
    note(error);
  } catch (const std::bad_alloc&) {
    note(DeviceError(DeviceFault::no_driver, "memory ran out while its helper was being started"));
  }
}

/// Why a device is not used; a reason that applies to all of them is given once.
void DeviceSet::note(const DeviceError& error) {
  const bool none = error.fault() == DeviceFault::no_driver;
  const std::string text = (none ? "none used: " : "not used: ") + std::string(error.what());
  if (std::none_of(findings_.begin(), findings_.end(), [&](const Finding& known) { return known.text == text; }))
    findings_.push_back({.text = text, .there = !none});
}

void DeviceSet::await(DeviceProcess& device) {
  try {
    const protocol::DeviceFacts& facts = device.facts();
    findings_.push_back({describe(device, facts), true});
  } catch (const DeviceError& error) {
    note(error);
  }
}

bool DeviceSet::any_used() const {
  return std::any_of(findings_.begin(), findings_.end(), [](const Finding& finding) { return finding.used; });
}

bool DeviceSet::disappoints() const {
  return choice_.insists &&
         std::any_of(findings_.begin(), findings_.end(), [](const Finding& finding) { return !finding.used; });
}

std::vector<DeviceProcess*> DeviceSet::open() {
  if (!std::exchange(opened_, true)) {
    for (std::size_t i = 0; i < devices_.size(); ++i) {
      await(*devices_[i]);
      if (i == 0 && choice_.ordinals.empty())
        for (int ordinal = 1, count = devices_[0]->devices_of_driver(); ordinal < count; ++ordinal)
          start(ordinal);
    }
  }
  std::vector<DeviceProcess*> alive;
  for (const auto& device : devices_)
    if (device->alive())
      alive.push_back(device.get());
  return alive;
}

} // namespace sciexam::inline gpu
