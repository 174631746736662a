// Training in seconds: a manifest, a base and a data folder of a small exam.
#pragma once

#include "end_to_end/program.hpp"
#include "temporary_folder.hpp"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace sciexam::test {

class School {
public:
  School();
  void save() const { write_bytes(folder_ / "manifest.json", manifest_.dump()); }
  nlohmann::json& manifest() { return manifest_; }
  const nlohmann::json& manifest() const { return manifest_; }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }

  /// Gives the manifest the exam as its validation questions too.
  void validate_with_exam();
  /// Gives the exam three contexts a question, from an index of its own options (the folder index), to draw from.
  void open_the_book();
  /// Training into the folder `out`, with further options.
  std::vector<std::string> arguments(const std::string& out, const std::vector<std::string>& more = {}) const;
  ProgramResult train(const std::string& out, const std::vector<std::string>& more = {}) const {
    return sciexam_run(arguments(out, more));
  }
  nlohmann::json lock(const std::string& out) const;

private:
  TemporaryFolder folder_;
  nlohmann::json manifest_;
};

/// The sha256 of a run's weights.
std::string weights_of(const nlohmann::json& lock, std::size_t run = 0);

} // namespace sciexam::test
