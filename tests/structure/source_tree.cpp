#include "structure/source_tree.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>

namespace sciexam::test {
namespace {

namespace fs = std::filesystem;

/// "exam" of "exam/csv.hpp"; empty where there is no folder.
std::string first_folder(const std::string& path) {
  const std::size_t slash = path.find('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

/// "exam/csv" of "src/exam/csv.cpp".
std::string node_of(const fs::path& path) {
  fs::path node = path.lexically_relative("src");
  return node.replace_extension().generic_string();
}

/// What stands between double quotes in an #include line; empty for all other lines.
std::string included_by(const std::string& line) {
  constexpr std::string_view kDirective = "#include \"";
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string::npos || line.compare(begin, kDirective.size(), kDirective) != 0)
    return {};
  const std::size_t name = begin + kDirective.size();
  return line.substr(name, line.find('"', name) - name);
}

/// "sciexam::inline exam" of a line that opens that namespace; empty for all other lines, and for namespaces not ours.
std::string opened_by(const std::string& line) {
  constexpr std::string_view kOpening = "namespace ";
  if (!line.starts_with("namespace sciexam"))
    return {};
  return line.substr(kOpening.size(), line.find(" {") - kOpening.size());
}

SourceFile read_source(const fs::path& root, const fs::path& file) {
  SourceFile source{.path = file.lexically_relative(root)};
  std::ifstream text(file);
  for (std::string line; std::getline(text, line); ++source.lines)
    if (std::string name = included_by(line); !name.empty())
      source.includes.push_back(std::move(name));
    else if (std::string opened = opened_by(line); !opened.empty())
      source.namespaces.push_back(std::move(opened));
  return source;
}

/// Tarjan's algorithm (1972).
class StrongComponents {
public:
  explicit StrongComponents(const Graph& graph) : graph_(graph) {
    for (const auto& [node, targets] : graph_)
      if (!index_.contains(node))
        visit(node);
  }

  std::vector<std::vector<std::string>> found;

private:
  void visit(const std::string& node) {
    const std::size_t own = index_[node] = index_.size();
    lowest_[node] = own;
    stack_.push_back(node);
    if (const auto targets = graph_.find(node); targets != graph_.end())
      for (const std::string& target : targets->second) {
        if (!index_.contains(target))
          visit(target);
        if (std::find(stack_.begin(), stack_.end(), target) != stack_.end())
          lowest_[node] = std::min(lowest_[node], lowest_[target]);
      }
    if (lowest_[node] != own)
      return;
    const auto begin = std::find(stack_.begin(), stack_.end(), node);
    found.emplace_back(begin, stack_.end());
    stack_.erase(begin, stack_.end());
  }

  const Graph& graph_;
  std::map<std::string, std::size_t> index_, lowest_;
  std::vector<std::string> stack_;
};

} // namespace

std::vector<SourceFile> source_files(const fs::path& root, const std::string& folder) {
  const std::set<fs::path> extensions = {".cpp", ".hpp", ".cu", ".cuh"};
  std::vector<SourceFile> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder))
    if (entry.is_regular_file() && extensions.contains(entry.path().extension()))
      files.push_back(read_source(root, entry.path()));
  std::sort(files.begin(), files.end(), [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::vector<std::string> folder_order(const fs::path& cmake_lists) {
  std::ifstream file(cmake_lists);
  std::stringstream text;
  text << file.rdbuf();
  const std::string whole = text.str(), begin = "set(folders";
  const std::size_t at = whole.find(begin);
  if (at == std::string::npos)
    throw std::runtime_error(cmake_lists.string() + " has no set(folders ...)");
  std::istringstream words(whole.substr(at + begin.size(), whole.find(')', at) - at - begin.size()));
  std::vector<std::string> folders;
  for (std::string word; words >> word;)
    folders.push_back(word);
  return folders;
}

Graph include_graph(const std::vector<SourceFile>& files) {
  Graph graph;
  for (const SourceFile& file : files)
    graph[node_of(file.path)];
  for (const SourceFile& file : files)
    for (const std::string& include : file.includes) {
      const std::string from = node_of(file.path);
      for (const std::string& to : {node_of("src/" + include), node_of(file.path.parent_path() / include)})
        if (from != to && graph.contains(to))
          graph[from].insert(to);
    }
  return graph;
}

std::vector<std::string> circles(const Graph& graph) {
  std::vector<std::string> all;
  for (std::vector<std::string>& component : StrongComponents(graph).found) {
    if (component.size() < 2)
      continue;
    std::sort(component.begin(), component.end());
    std::string text;
    for (const std::string& node : component)
      text += (text.empty() ? "" : " <-> ") + node;
    all.push_back(text);
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::string> upward_includes(const std::vector<SourceFile>& files, const std::vector<std::string>& order) {
  const auto place = [&](const std::string& folder) {
    return std::find(order.begin(), order.end(), folder) - order.begin();
  };
  const auto end = static_cast<std::ptrdiff_t>(order.size());
  std::vector<std::string> findings;
  for (const SourceFile& file : files) {
    const std::string folder = first_folder(file.path.lexically_relative("src").generic_string());
    if (folder.empty()) // main.cpp is above all folders
      continue;
    if (place(folder) == end) {
      findings.push_back(file.path.string() + " is in a folder that src/CMakeLists.txt does not name");
      continue;
    }
    for (const std::string& include : file.includes)
      if (const std::string other = first_folder(include); !other.empty() && place(other) > place(folder))
        findings.push_back(file.path.string() + " includes " + include + ", whose folder " +
                           (place(other) == end ? "src/CMakeLists.txt does not name" : "comes after its own"));
  }
  return findings;
}

std::vector<std::string> foreign_namespaces(const std::vector<SourceFile>& files) {
  std::vector<std::string> findings;
  for (const SourceFile& file : files) {
    const std::string folder = first_folder(file.path.lexically_relative("src").generic_string());
    const std::string own = "sciexam::inline " + folder;
    for (const std::string& opened : file.namespaces)
      if (!folder.empty() && opened != own && !opened.starts_with(own + "::"))
        findings.push_back(file.path.generic_string() + " opens " + opened + ", not " + own);
  }
  return findings;
}

} // namespace sciexam::test
