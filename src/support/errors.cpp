#include "support/errors.hpp"

namespace sciexam::inline support {
namespace {

std::string describe(const InputPlace& place, const std::string& problem, const std::string& remedy) {
  std::string text = place.file.string();
  if (place.row != 0)
    text += ", row " + std::to_string(place.row);
  if (!place.column.empty())
    text += ", column " + place.column;
  return text + ": " + problem + ". " + remedy;
}

} // namespace

InputError::InputError(const InputPlace& place, const std::string& problem, const std::string& remedy)
    : Error(describe(place, problem, remedy)), place_(place) {}

PackageError::PackageError(const std::filesystem::path& file, const std::string& problem, const std::string& remedy)
    : Error(file.string() + ": " + problem + ". " + remedy) {}

} // namespace sciexam::inline support
