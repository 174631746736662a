#include "retrieval/index/index_file.hpp"

#include "support/errors.hpp"

#include <utility>

namespace sciexam::inline retrieval {
namespace {

/// Whatever hinders reading is a fault of the index here, not of the command line.
MappedFile map_file(const std::filesystem::path& path) {
  try {
    return MappedFile(path);
  } catch (const UsageError& error) {
    throw PackageError(path, "is missing or cannot be read (" + std::string(error.what()) + ")",
                       "Put the whole index in: every file that its index.json names");
  } catch (const WorkError& error) {
    throw PackageError(path, "cannot be mapped (" + std::string(error.what()) + ")",
                       "Check the machine's limits of address space");
  }
}

} // namespace

IndexFile::IndexFile(const std::filesystem::path& path)
    : path_(path), mapped_(map_file(path)), bytes_(mapped_->bytes()) {}

IndexFile::IndexFile(const PackageFiles& files, const std::string& name) : path_(files.path_of(name)) {
  if (const auto bytes = files.find_in_memory(name)) {
    bytes_ = *bytes;
    return;
  }
  mapped_.emplace(map_file(path_));
  bytes_ = mapped_->bytes();
}

} // namespace sciexam::inline retrieval
