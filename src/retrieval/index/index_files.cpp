#include "retrieval/index/index_files.hpp"

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

IndexFiles IndexFiles::in_folder(std::filesystem::path folder) {
  return {std::move(folder), nullptr};
}

IndexFiles IndexFiles::in_memory(std::filesystem::path description,
                                 std::map<std::string, std::span<const std::byte>> files) {
  return {std::move(description), std::make_shared<const Memory>(std::move(files))};
}

IndexFile IndexFiles::open(const std::string& name) const {
  if (!memory_)
    return IndexFile(path_of(name));
  const auto found = memory_->find(name);
  if (found == memory_->end())
    throw PackageError(path_of(name), "is missing", "Put the whole index in");
  return {path_of(name), found->second};
}

} // namespace sciexam::inline retrieval
