#include "ptx_emulator/calls/settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <unistd.h>

namespace sciexam::emulated {
namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv((std::string("SCIEXAM_EMULATED_") + name).c_str());
  return value == nullptr ? "" : value;
}

[[noreturn]] void refuse(const char* name, const std::string& value) {
  throw std::invalid_argument("SCIEXAM_EMULATED_" + std::string(name) + ": \"" + value + "\" makes no sense");
}

std::uint64_t number(const char* name, std::uint64_t otherwise) {
  const std::string text = variable(name);
  if (text.empty())
    return otherwise;
  if (text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
    refuse(name, text);
  return std::stoull(text);
}

/// "12.4" as major * `major_unit` + minor * `minor_unit`
unsigned version(const char* name, unsigned otherwise, unsigned major_unit, unsigned minor_unit) {
  const std::string text = variable(name);
  unsigned major = 0, minor = 0;
  char dot = 0;
  std::istringstream stream(text);
  if (text.empty())
    return otherwise;
  if (!(stream >> major >> dot >> minor) || dot != '.' || !stream.eof())
    refuse(name, text);
  return major * major_unit + minor * minor_unit;
}

Fault parse_fault(const std::string& text) {
  const std::map<std::string, FaultKind> kinds = {{"wrong", FaultKind::Wrong}, {"hang", FaultKind::Hang},
                                                  {"oom", FaultKind::Oom},     {"vanish", FaultKind::Vanish},
                                                  {"crash", FaultKind::Crash}, {"busy", FaultKind::Busy}};
  const auto kind = kinds.find(text.substr(0, text.find('@')));
  if (kind == kinds.end() || text.find('@') == std::string::npos)
    refuse("FAULTS", text);
  Fault fault{.kind = kind->second};
  std::istringstream stream(text.substr(text.find('@') + 1));
  char colon = ':';
  if (!(stream >> fault.from) || (!stream.eof() && (!(stream >> colon >> fault.device) || colon != ':')) ||
      !stream.eof())
    refuse("FAULTS", text);
  return fault;
}

} // namespace

bool Settings::fails(FaultKind kind, int device, std::uint64_t event) const {
  const auto [first, last] = faults.equal_range(kind);
  return std::any_of(first, last, [&](const auto& entry) {
    return event >= entry.second.from && (entry.second.device == -1 || entry.second.device == device);
  });
}

Settings settings_from_environment() {
  Settings settings;
  settings.devices = static_cast<int>(number("DEVICES", 1));
  settings.capability = version("CAPABILITY", settings.capability, 10, 1);
  settings.memory = number("MEMORY", settings.memory);
  settings.driver_version =
      static_cast<int>(version("DRIVER", static_cast<unsigned>(settings.driver_version), 1000, 10));
  settings.threads = static_cast<unsigned>(number("THREADS", std::clamp(std::thread::hardware_concurrency(), 1U, 2U)));
  settings.most_instructions = number("LIMIT", settings.most_instructions);
  settings.report_file = variable("REPORT");
  settings.counts_file = variable("COUNTS");
  if (const std::size_t at = settings.counts_file.find("%p"); at != std::string::npos)
    settings.counts_file.replace(at, 2, std::to_string(::getpid()));
  std::istringstream faults(variable("FAULTS"));
  for (std::string text; std::getline(faults, text, ',');) {
    const Fault fault = parse_fault(text);
    settings.faults.emplace(fault.kind, fault);
  }
  return settings;
}

void report(const Settings& settings, const std::string& line) {
  if (settings.report_file.empty())
    std::cerr << "emulated device: " << line << std::endl;
  else
    std::ofstream(settings.report_file, std::ios::app) << line << '\n';
}

} // namespace sciexam::emulated
