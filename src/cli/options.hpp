// Options that several commands share.
#pragma once

#include "gpu/device_set.hpp"
#include "model/weights.hpp"
#include "package/package.hpp"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sciexam {

void add_combine_options(CLI::App& app, std::string& combine, std::vector<double>& weights);
void add_threads_option(CLI::App& app, int& threads);

void add_device_option(CLI::App& app, std::string& device);

/// What `given`, else SCIEXAM_DEVICE, else "auto" says; for bf16, which is a matter of the CPU, no GPU. Throws
/// UsageError.
DeviceChoice choose_devices(const std::string& given, Precision precision = Precision::as_stored);

/// --precision auto, f32 or bf16.
void add_precision_option(CLI::App& app, std::string& precision);

/// What --precision says. Throws UsageError for bf16 where the chosen kernels do not have it.
Precision choose_precision(const std::string& given);
/// Throws UsageError if the package's weights are int8 and --precision says something else, or if a model cannot answer
/// so.
void check_precision(const std::string& given, const Package& package);
/// Opens the devices; a line for each finding.
void log_devices(DeviceSet& devices);

/// In what dense layers compute: "int8, as packed", "f32", "bf16"; with GPUs in use, on them and on the CPU. The
/// devices are open.
std::string name_of(Precision precision, const Package& package, const DeviceSet& devices);

/// Starts the thread pool with `requested` threads (0: what the machine grants) and returns their number.
int use_threads(int requested);

/// Seconds of "8h50m", "45m", "90s", "1h30m10s" or a plain number of seconds; throws UsageError for anything else.
double parse_duration(const std::string& text);

/// Throws UsageError unless there are no weights or a positive sum of one for each model.
void check_weights(const std::vector<double>& weights, const Package& package);

} // namespace sciexam
