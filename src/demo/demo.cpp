#include "demo/demo.hpp"

#include "demo/embedded.hpp"

#include <map>
#include <memory>
#include <span>
#include <sstream>
#include <string>
#include <utility>

namespace sciexam::inline demo {
namespace {

PackageFiles in_memory(const char* description, std::span<const EmbeddedFile> embedded) {
  std::map<std::string, std::span<const std::byte>> files;
  for (const EmbeddedFile& file : embedded)
    files.emplace(file.name, file.bytes);
  return PackageFiles::in_memory(description, std::move(files));
}

} // namespace

Exam read_demo_exam() {
  CsvReader questions(std::make_unique<std::istringstream>(std::string(demo_exam())), "demo exam");
  return read_exam(questions);
}

Package open_demo_package() {
  return Package::open(in_memory("demo package", demo_package()));
}

PackageFiles demo_index_files() {
  return in_memory("demo index", demo_index());
}

} // namespace sciexam::inline demo
