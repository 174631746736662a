#include "train/state/earlier_runs.hpp"

#include "support/errors.hpp"
#include "support/messages/progress.hpp"
#include "train/state/run_result.hpp"
#include "train/state/run_state.hpp"

#include <system_error>
#include <vector>

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;

bool is_farther(const EarlierRun& a, const EarlierRun& b) {
  return a.finished != b.finished ? a.finished : a.step > b.step;
}

/// Contents alone: an input's files and folders may not be written to, what is made of them must be.
void copy_contents(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  for (const fs::directory_entry& entry : fs::directory_iterator(from)) {
    const fs::path target = to / entry.path().filename();
    if (entry.is_directory()) {
      copy_contents(entry.path(), target);
    } else if (entry.is_regular_file()) {
      fs::copy_file(entry.path(), target);
      fs::permissions(target, fs::perms::owner_write, fs::perm_options::add);
    }
  }
}

} // namespace

std::optional<EarlierRun> find_earlier_run(std::span<const fs::path> outputs, const std::string& name,
                                           const std::string& identity) {
  std::optional<EarlierRun> found;
  std::vector<fs::path> others;
  for (const fs::path& output : outputs) {
    const fs::path folder = output / name;
    const std::optional<std::string> result = finished_identity(folder);
    const std::optional<StoredState> state = result ? std::nullopt : newest_state(folder / "resume");
    if (!result && !state)
      continue;
    const EarlierRun run{folder, result.has_value(), state ? state->step : 0};
    if ((result ? *result : state->identity) != identity)
      others.push_back(folder);
    else if (!found || is_farther(run, *found))
      found = run;
  }
  if (!found && !others.empty())
    throw UsageError(others.front().string() +
                     ": an earlier output, but of a run with another manifest, other settings, data, base, threads, "
                     "device or instruction set. Give those of that run, or detach that input");
  for (const fs::path& other : others)
    log_line(name + ": passed over " + other.string() + ", which is of another training");
  return found;
}

void copy_run(const fs::path& from, const fs::path& to) {
  const fs::path unfinished = to.parent_path() / ("." + to.filename().string() + ".copy");
  try {
    fs::remove_all(unfinished);
    copy_contents(from, unfinished);
    fs::rename(unfinished, to);
  } catch (const fs::filesystem_error& error) {
    std::error_code ignored;
    fs::remove_all(unfinished, ignored);
    throw WorkError(from.string() + ": could not be copied to " + to.string() + ": " + error.code().message() +
                    ". Free some space, or name another folder with --out");
  }
}

void take_over(std::span<const fs::path> outputs, const fs::path& folder, const std::string& identity) {
  const std::string name = folder.filename().string();
  const std::optional<EarlierRun> run = find_earlier_run(outputs, name, identity);
  if (!run)
    return;
  log_line(name + ": taken over from " + run->folder.string() +
           (run->finished ? ", where it has finished" : ", where it is after step " + std::to_string(run->step)));
  copy_run(run->folder, folder);
}

} // namespace sciexam::inline train
