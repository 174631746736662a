#include "demo/demo.hpp"

#include "demo/embedded.hpp"

#include <map>
#include <memory>
#include <sstream>
#include <string>

namespace sciexam::inline demo {

Exam read_demo_exam() {
  CsvReader questions(std::make_unique<std::istringstream>(std::string(demo_exam())), "demo exam");
  return read_exam(questions);
}

Package open_demo_package() {
  std::map<std::string, std::span<const std::byte>> files;
  for (const EmbeddedFile& file : demo_package())
    files.emplace(file.name, file.bytes);
  return Package::open(PackageFiles::in_memory("demo package", std::move(files)));
}

} // namespace sciexam::inline demo
