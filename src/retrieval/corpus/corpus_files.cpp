#include "retrieval/corpus/corpus_files.hpp"

#include "retrieval/corpus/corpus_format.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include <fnmatch.h>
#include <sys/stat.h>

namespace sciexam::inline retrieval {
namespace {

namespace fs = std::filesystem;

/// Hidden files besides.
constexpr const char* kIgnoredNames[] = {"README*",
                                         "readme*",
                                         "LICENSE*",
                                         "LICENCE*",
                                         "COPYING*",
                                         "NOTICE*",
                                         "*.md",
                                         "*.md5",
                                         "*.sha1",
                                         "*.sha256",
                                         "*.sha512",
                                         "*.crc",
                                         "md5sum*",
                                         "sha1sum*",
                                         "sha256sum*",
                                         "*md5sums.txt",
                                         "*sha1sums.txt",
                                         "SHA256SUMS*",
                                         "*.tmp",
                                         "*.part",
                                         "_SUCCESS",
                                         "index.html",
                                         "dataset_info.json",
                                         "dataset_infos.json",
                                         "dataset_dict.json",
                                         "dataset-metadata.json",
                                         "state.json"};

bool is_ignored(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.starts_with('.') ||
         std::any_of(std::begin(kIgnoredNames), std::end(kIgnoredNames),
                     [&](const char* pattern) { return ::fnmatch(pattern, name.c_str(), 0) == 0; });
}

bool has_pattern(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

/// What is in a folder, sorted by bytes.
std::vector<fs::path> entries_of(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    entries.push_back(entry->path());
  if (error)
    throw UsageError(folder.string() + ": cannot be read: " + error.message() + ". Check the folder's permissions");
  std::sort(entries.begin(), entries.end(),
            [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  return entries;
}

/// The paths that a pattern stands for; its components are matched one after another.
std::vector<fs::path> expand_pattern(const fs::path& pattern) {
  std::vector<fs::path> found = {pattern.is_absolute() ? pattern.root_path() : fs::path()};
  for (const fs::path& component : pattern.relative_path()) {
    std::vector<fs::path> next;
    for (const fs::path& folder : found) {
      std::error_code unknown; // what cannot be asked about does not match
      if (!has_pattern(component.native())) {
        if (component.empty() || fs::exists(folder / component, unknown))
          next.push_back(folder / component);
        continue;
      }
      const fs::path looked_in = folder.empty() ? fs::path(".") : folder;
      if (!fs::is_directory(looked_in, unknown))
        continue;
      for (const fs::path& entry : entries_of(looked_in))
        if (::fnmatch(component.c_str(), entry.filename().c_str(), FNM_PERIOD) == 0)
          next.push_back(folder / entry.filename());
    }
    found = std::move(next);
  }
  return found;
}

class Finder {
public:
  void add(const std::string& item) {
    const std::size_t before = files_.files.size();
    matched_ = false;
    std::error_code error;
    if (item == "-") {
      add_standard_input();
    } else if (fs::exists(item, error)) {
      add_named(item);
    } else if (has_pattern(item)) {
      for (const fs::path& path : expand_pattern(item))
        add_found(path);
    } else {
      throw UsageError(
          item + ": there is no such file or folder. Check the path; it may be a pattern such as 'dump/*.json.bz2'");
    }
    if (!matched_)
      throw UsageError(item + ": " + (has_pattern(item) ? "matches no file" : "holds no file") +
                       " to read. Give files, folders or patterns of a corpus (dumps, JSON lines, CSV, plain text)");
    std::sort(files_.files.begin() + static_cast<std::ptrdiff_t>(before), files_.files.end(),
              [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  }
  CorpusFiles take() { return std::move(files_); }

private:
  using Identity = std::pair<dev_t, ino_t>;

  static Identity identity_of(const fs::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
      throw UsageError(path.string() + ": cannot be found again. Was it removed?");
    return {status.st_dev, status.st_ino};
  }

  void add_standard_input() {
    if (!std::exchange(has_standard_input_, true))
      files_.files.emplace_back("-");
    matched_ = true;
  }
  /// By its own name, so that it is read whatever that is; also a pipe.
  void add_named(const fs::path& path) {
    if (std::error_code unknown; fs::is_directory(path, unknown))
      add_folder(path);
    else
      add_file(path);
  }
  /// In a folder or by a pattern.
  void add_found(const fs::path& path) {
    std::error_code broken_link; // or the like: then it is neither
    if (!is_ignored(path) && fs::is_directory(path, broken_link))
      add_folder(path);
    else if (!is_ignored(path) && fs::is_regular_file(path, broken_link))
      add_file(path);
    else
      files_.ignored.push_back(path);
  }
  void add_folder(const fs::path& folder) {
    refuse_arrow_folder(folder);
    if (!open_folders_.insert(identity_of(folder)).second)
      return; // a link leads back into it
    for (const fs::path& path : entries_of(folder))
      add_found(path);
    open_folders_.erase(identity_of(folder));
  }
  void add_file(const fs::path& file) {
    matched_ = true;
    if (known_.insert(identity_of(file)).second)
      files_.files.push_back(file);
  }

  CorpusFiles files_;
  std::set<Identity> known_, open_folders_;
  bool has_standard_input_ = false;
  bool matched_ = false; ///< the item names something to read, perhaps known already
};

} // namespace

CorpusFiles find_corpus_files(std::span<const std::string> given) {
  Finder finder;
  for (const std::string& item : given)
    finder.add(item);
  return finder.take();
}

} // namespace sciexam::inline retrieval
