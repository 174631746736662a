// What the environment says about the machine to emulate. Read once, at cuInit.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace sciexam::emulated {

/// SCIEXAM_EMULATED_FAULTS="wrong@3,oom@2:1": a kind, the number of the launch (oom: of the allocation; busy: of the
/// context) from which on it happens, counted from 1 on each device, and where given the device's ordinal.
enum class FaultKind { Wrong, Hang, Oom, Vanish, Crash, Busy };
struct Fault {
  FaultKind kind = FaultKind::Wrong;
  std::uint64_t from = 1;
  int device = -1; ///< any
};

struct Settings {
  int devices = 1;                                ///< SCIEXAM_EMULATED_DEVICES
  unsigned capability = 75;                       ///< SCIEXAM_EMULATED_CAPABILITY=7.5
  std::uint64_t memory = std::uint64_t{15} << 30; ///< SCIEXAM_EMULATED_MEMORY, bytes of each device
  int driver_version = 12040;                     ///< SCIEXAM_EMULATED_DRIVER=12.4
  unsigned threads = 1; ///< SCIEXAM_EMULATED_THREADS, of the host; default: its CPUs, at most 2
  std::uint64_t most_instructions = std::uint64_t{1} << 28; ///< SCIEXAM_EMULATED_LIMIT, of one block
  std::string report_file = {};                             ///< SCIEXAM_EMULATED_REPORT; empty: standard error
  std::string counts_file = {}; ///< SCIEXAM_EMULATED_COUNTS; "%p" becomes the process's number
  std::multimap<FaultKind, Fault> faults = {};

  /// True if the device's event of that number, counted from 1, is to fail in this way.
  bool fails(FaultKind kind, int device, std::uint64_t number) const;
};

/// Throws std::invalid_argument that names the variable.
Settings settings_from_environment();

/// Appends a line to the report.
void report(const Settings& settings, const std::string& line);

} // namespace sciexam::emulated
