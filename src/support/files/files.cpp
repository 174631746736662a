#include "support/files/files.hpp"

#include "support/errors.hpp"

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sciexam {
namespace {

std::string reason() {
  return std::strerror(errno);
}

/// Opens for reading and returns the size of the regular file. Throws UsageError.
int open_regular(const std::filesystem::path& path, std::uint64_t& size) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    throw UsageError(path.string() + ": cannot be opened: " + reason() + ". Check the path and its permissions");
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    throw UsageError(path.string() + ": is not a regular file. Give the path of a file");
  }
  size = static_cast<std::uint64_t>(status.st_size);
  return descriptor;
}

} // namespace

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) {
  std::uint64_t size = 0;
  const int descriptor = open_regular(path, size);
  size_ = size;
  if (size_ > 0) {
    void* data = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (data == MAP_FAILED) {
      const std::string why = reason();
      ::close(descriptor);
      throw WorkError(path.string() + ": cannot be mapped into memory: " + why);
    }
    data_ = static_cast<const std::byte*>(data);
  }
  ::close(descriptor);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr)
    ::munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::release(std::span<const std::byte> part) const noexcept {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = static_cast<std::size_t>(part.data() - data_), end = begin + part.size();
  const std::size_t first = (begin + page - 1) / page * page, last = end / page * page;
  if (first < last) // advice: whether it is taken changes nothing but memory
    ::madvise(const_cast<std::byte*>(data_) + first, last - first, MADV_DONTNEED);
}

std::string read_text_file(const std::filesystem::path& path, std::uint64_t limit) {
  std::uint64_t size = 0;
  const int descriptor = open_regular(path, size);
  if (size > limit) {
    ::close(descriptor);
    throw InputError({path},
                     "is " + std::to_string(size) + " bytes long, more than the " + std::to_string(limit) +
                         " that such a file may have",
                     "Check that it is the right file");
  }
  std::string text(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(descriptor, text.data() + done, size - done);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    done += static_cast<std::size_t>(got);
  }
  const std::string why = reason();
  ::close(descriptor);
  if (done != size)
    throw WorkError(path.string() + ": could be read only up to byte " + std::to_string(done) + ": " + why);
  return text;
}

AtomicFile::AtomicFile(std::filesystem::path path) : path_(std::move(path)) {
  const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
  std::string name = (folder / ("." + path_.filename().string() + ".XXXXXX")).string();
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0)
    throw WorkError(path_.string() + ": cannot be written: " + reason() + ". Check that the folder " + folder.string() +
                    " exists and is writable, or name another one");
  temporary_ = name;
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
  if (!temporary_.empty())
    ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      throw WorkError(path_.string() + ": cannot be written: " + reason() +
                      ". Free some space, or name another folder");
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    size_ += static_cast<std::uint64_t>(put);
  }
}

void AtomicFile::commit() {
  // mkostemp makes files private; ours get what the user's umask gives to new files.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(descriptor_, 0666 & ~mask) != 0 || ::fsync(descriptor_) != 0)
    throw WorkError(path_.string() + ": cannot be written: " + reason() + ". Free some space, or name another folder");
  ::close(std::exchange(descriptor_, -1));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0)
    throw WorkError(path_.string() + ": cannot be put in place: " + reason() + ". Check that it is not a folder");
  temporary_.clear();
}

void remove_temporary_files(const std::filesystem::path& folder) {
  constexpr std::size_t kSuffix = sizeof(".XXXXXX") - 1;
  std::error_code error;
  std::vector<std::filesystem::path> found;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.size() > kSuffix + 1 && name.front() == '.' && name[name.size() - kSuffix] == '.')
      found.push_back(entry->path());
  }
  for (const std::filesystem::path& file : found) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
  }
}

void write_file_atomically(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

} // namespace sciexam
