#include "support/files/places.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <system_error>

namespace sciexam::inline support {
namespace {

namespace fs = std::filesystem;

constexpr int kMountDepth = 5;
constexpr int kMostEntries = 1000; // looked at in one folder

/// The subfolders of `folder` down to `depth` levels, in name order; unreadable ones are skipped.
void collect_folders(const fs::path& folder, int depth, std::vector<fs::path>& out) {
  std::error_code error;
  std::vector<fs::path> children;
  int entries = 0;
  for (fs::directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error), end;
       !error && entry != end && entries < kMostEntries; entry.increment(error), ++entries)
    if (std::error_code ignored; entry->is_directory(ignored))
      children.push_back(entry->path());
  std::sort(children.begin(), children.end());
  for (const fs::path& child : children) {
    out.push_back(child);
    if (depth > 1)
      collect_folders(child, depth - 1, out);
  }
}

} // namespace

std::optional<Located> named_place(const std::string& given, const char* variable) {
  if (!given.empty())
    return Located{given, "given"};
  const char* const value = std::getenv(variable);
  if (value == nullptr || *value == '\0')
    return std::nullopt;
  return Located{value, std::string("named by ") + variable};
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

std::vector<Located> near_folders() {
  std::vector<Located> folders;
  std::error_code error;
  if (const fs::path self = fs::read_symlink("/proc/self/exe", error); !error)
    folders.push_back({self.parent_path(), "beside the program"});
  if (const fs::path here = fs::current_path(error); !error && (folders.empty() || folders.front().path != here))
    folders.push_back({here, "in the working folder"});
  return folders;
}

std::vector<fs::path> mounted_folders() {
  std::vector<fs::path> folders;
  collect_folders(kMounts, kMountDepth, folders);
  return folders;
}

std::string searched_places() {
  std::string text;
  for (const Located& folder : near_folders())
    text += folder.path.string() + ", ";
  std::error_code ignored;
  if (!fs::is_directory(kMounts, ignored))
    return text + std::string(kMounts) + " (which is not there)";
  const std::vector<fs::path> mounted = mounted_folders();
  text += std::string(kMounts) + (mounted.empty() ? " (which is empty)" : " and below");
  constexpr std::size_t kListed = 12;
  for (std::size_t i = 0; i < std::min(mounted.size(), kListed); ++i)
    text += (i == 0 ? ": " : ", ") + mounted[i].string();
  return text + (mounted.size() > kListed ? ", ..." : "");
}

bool on_kaggle() {
  std::error_code ignored;
  return fs::is_directory("/kaggle/working", ignored);
}

bool same_contents(const fs::path& a, const fs::path& b) {
  constexpr std::size_t kBlock = std::size_t{1} << 20;
  std::error_code error;
  if (fs::file_size(a, error) != fs::file_size(b, error) || error)
    return false;
  std::ifstream left(a, std::ios::binary), right(b, std::ios::binary);
  std::string of_left(kBlock, '\0'), of_right(kBlock, '\0');
  while (left && right) {
    left.read(of_left.data(), kBlock);
    right.read(of_right.data(), kBlock);
    if (left.gcount() != right.gcount() || of_left.compare(0, static_cast<std::size_t>(left.gcount()), of_right, 0,
                                                           static_cast<std::size_t>(right.gcount())) != 0)
      return false;
  }
  return left.eof() && right.eof();
}

bool natural_less(std::string_view a, std::string_view b) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto take_number = [&](std::string_view& text) {
    std::size_t end = 0;
    while (end < text.size() && is_digit(text[end]))
      ++end;
    std::string_view number = text.substr(0, end);
    text.remove_prefix(end);
    number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
    return number;
  };
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      const std::string_view left = take_number(a), right = take_number(b);
      if (left != right)
        return left.size() != right.size() ? left.size() < right.size() : left < right;
    } else {
      if (a.front() != b.front())
        return a.front() < b.front();
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return a.size() < b.size();
}

} // namespace sciexam::inline support
