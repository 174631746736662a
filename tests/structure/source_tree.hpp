// The project's source files: their lengths, and what includes what.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sciexam::test {

struct SourceFile {
  std::filesystem::path path; ///< below the root, e.g. "src/exam/csv.cpp"
  std::size_t lines = 0;
  std::vector<std::string> includes = {};   ///< as written between double quotes, e.g. "exam/csv.hpp"
  std::vector<std::string> namespaces = {}; ///< those opened at the start of a line, e.g. "sciexam::inline exam"
};

/// Every .cpp, .hpp, .cu and .cuh below `root` / `folder`, ordered by path.
std::vector<SourceFile> source_files(const std::filesystem::path& root, const std::string& folder);

/// The folders named by `set(folders ...)` of a CMakeLists.txt, in its order.
std::vector<std::string> folder_order(const std::filesystem::path& cmake_lists);

/// From each node to those that it leads to.
using Graph = std::map<std::string, std::set<std::string>>;

/// Which translation units include which, for files below "src/": NAME.hpp and NAME.cpp are the one node "exam/NAME".
/// Includes of files that are not in `files` (made by the build) are left out.
Graph include_graph(const std::vector<SourceFile>& files);

/// The strongly connected components of more than one node, each as "a <-> b <-> c", ordered.
std::vector<std::string> circles(const Graph& graph);

/// A finding for each include of a file below "src/" that leads from a folder to one that `order` has later or not at
/// all.
std::vector<std::string> upward_includes(const std::vector<SourceFile>& files, const std::vector<std::string>& order);

/// A finding for each file of src/FOLDER/ that opens another namespace of ours than sciexam::inline FOLDER or one
/// within.
std::vector<std::string> foreign_namespaces(const std::vector<SourceFile>& files);

} // namespace sciexam::test
