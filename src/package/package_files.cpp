#include "package/package_files.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sciexam::inline package {

PackageFile::PackageFile(std::filesystem::path path)
    : path_(std::move(path)),
      // O_NONBLOCK: a named pipe in a package's place is refused below instead of waited for.
      descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (!descriptor_)
    throw PackageError(path_, std::string("cannot be opened: ") + std::strerror(errno),
                       "Check that the whole package was copied and is readable");
  struct stat status {};
  if (::fstat(descriptor_.number(), &status) != 0 || !S_ISREG(status.st_mode))
    throw PackageError(path_, "is not a regular file", "Copy the package again");
  size_ = static_cast<std::uint64_t>(status.st_size);
}

PackageFile::PackageFile(std::filesystem::path path, std::span<const std::byte> bytes)
    : path_(std::move(path)), bytes_(bytes.data()), size_(bytes.size()) {}

void PackageFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  if (offset > size_ || out.size() > size_ - offset)
    throw PackageError(path_, "ends at byte " + std::to_string(size_) + ", too early", "Upload or copy it again");
  if (!descriptor_) {
    std::copy_n(bytes_ + offset, out.size(), out.begin());
    return;
  }
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_.number(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      throw PackageError(path_,
                         "cannot be read at byte " + std::to_string(offset) + ": " +
                             (got == 0 ? "it became shorter" : std::strerror(errno)),
                         "Upload or copy it again");
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
}

PackageFiles PackageFiles::in_folder(std::filesystem::path folder) {
  return {std::move(folder), nullptr};
}

PackageFiles PackageFiles::in_memory(std::filesystem::path description,
                                     std::map<std::string, std::span<const std::byte>> files) {
  return {std::move(description), std::make_shared<const Memory>(std::move(files))};
}

bool PackageFiles::has(const std::string& name) const {
  if (memory_)
    return memory_->contains(name);
  std::error_code ignored; // what cannot be examined cannot be opened either, and that is reported
  return std::filesystem::exists(path_of(name), ignored) && !std::filesystem::is_directory(path_of(name), ignored);
}

std::string PackageFiles::find_unpacked(const std::string& name, const std::string& plain_name) const {
  const std::filesystem::path plain(plain_name);
  for (const std::filesystem::path& candidate : {plain, name / plain, plain_name / plain})
    if (has(candidate))
      return candidate;
  return {};
}

std::optional<std::span<const std::byte>> PackageFiles::find_in_memory(const std::string& name) const {
  if (!memory_)
    return std::nullopt;
  const auto found = memory_->find(name);
  return found == memory_->end() ? std::nullopt : std::optional(found->second);
}

PackageFile PackageFiles::open(const std::string& name) const {
  if (!memory_)
    return PackageFile(path_of(name));
  const auto bytes = find_in_memory(name);
  if (!bytes)
    throw PackageError(path_of(name), "is missing", "Put the complete package there");
  return PackageFile(path_of(name), *bytes);
}

} // namespace sciexam::inline package
