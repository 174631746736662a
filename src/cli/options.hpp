// Options that several commands share.
#pragma once

#include "answer/package_use.hpp"
#include "ensemble/combine.hpp"
#include "gpu/device_set.hpp"
#include "model/weights.hpp"
#include "retrieval/contexts/retriever.hpp"

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sciexam::inline cli {

void add_combine_options(CLI::App& app, std::string& combine, std::vector<double>& weights);
/// --streams, --max-length, --context-tokens, --combine-contexts.
void add_reading_options(CLI::App& app, ReadingChoice& choice, std::string& combine_contexts);
/// Throws UsageError for `weighted`, which contexts cannot be.
Combine parse_combine_contexts(const std::string& name);
void add_threads_option(CLI::App& app, int& threads);

void add_device_option(CLI::App& app, std::string& device);

/// What `given`, else SCIEXAM_DEVICE, else "auto" asks for; no GPU for bf16, which is for the CPU. Throws UsageError.
DeviceChoice choose_devices(const std::string& given, Precision precision = Precision::as_stored);

/// --precision auto, f32 or bf16.
void add_precision_option(CLI::App& app, std::string& precision);

/// --top, --query-form, --fusion, --k1, --b.
void add_retrieval_options(CLI::App& app, RetrievalSettings& settings);

/// Opens the devices and logs a line for each finding.
void log_devices(DeviceSet& devices);

/// Starts the thread pool with `requested` threads (0: as many as the machine grants) and returns their number.
int use_threads(int requested);

/// Seconds of "8h50m", "45m", "90s", "1h30m10s" or a plain number of seconds; throws UsageError for anything else.
double parse_duration(const std::string& text);

/// The time limit in seconds that `given`, else SCIEXAM_TIME_LIMIT says; nothing if neither does. Throws UsageError.
std::optional<double> named_time_limit(const std::string& given);

} // namespace sciexam::inline cli
