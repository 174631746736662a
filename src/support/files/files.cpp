#include "support/files/files.hpp"

#include "support/errors.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sciexam::inline support {
namespace {

constexpr std::size_t kRandomCharacters = 6; ///< at the end of a temporary name

std::string reason() {
  return std::strerror(errno);
}

struct OpenFile {
  Descriptor descriptor;
  std::uint64_t size = 0;
};

/// Throws UsageError.
OpenFile open_regular(const std::filesystem::path& path) {
  // O_NONBLOCK: a named pipe is refused below; opening it would wait for somebody to write.
  Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor)
    throw UsageError(path.string() + ": cannot be opened: " + reason() + ". Check the path and its permissions");
  struct stat status {};
  if (::fstat(descriptor.number(), &status) != 0 || !S_ISREG(status.st_mode))
    throw UsageError(path.string() + ": is not a regular file. Give the path of a file");
  return {std::move(descriptor), static_cast<std::uint64_t>(status.st_size)};
}

/// Letters and digits that another call, thread or process is unlikely to repeat; if one does, O_EXCL notices.
std::string random_characters() {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  static std::atomic<std::uint64_t> calls = 0;
  const auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  std::uint64_t bits = now ^ (static_cast<std::uint64_t>(::getpid()) << 40) ^ (++calls << 20);
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9; // the finalizer of SplitMix64 (Steele et al. 2014)
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
  bits ^= bits >> 31;
  std::string text;
  for (std::size_t i = 0; i < kRandomCharacters; ++i, bits /= kCharacters.size())
    text += kCharacters[bits % kCharacters.size()];
  return text;
}

} // namespace

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) {
  const OpenFile file = open_regular(path);
  if (file.size == 0)
    return;
  void* data = ::mmap(nullptr, file.size, PROT_READ, MAP_PRIVATE, file.descriptor.number(), 0);
  if (data == MAP_FAILED)
    throw WorkError(path.string() + ": cannot be mapped into memory: " + reason());
  data_ = static_cast<const std::byte*>(data);
  size_ = file.size;
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
  if (first < last) // only advice: ignoring it costs nothing but memory
    ::madvise(const_cast<std::byte*>(data_) + first, last - first, MADV_DONTNEED);
}

std::string read_text_file(const std::filesystem::path& path, std::uint64_t limit) {
  const OpenFile file = open_regular(path);
  if (file.size > limit)
    throw InputError({path},
                     "is " + std::to_string(file.size) + " bytes long, more than the " + std::to_string(limit) +
                         " that such a file may have",
                     "Check that it is the right file");
  std::string text(file.size, '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = ::read(file.descriptor.number(), text.data() + done, text.size() - done);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0) // at the end of a file errno is that of an earlier call
      throw WorkError(path.string() + ": could be read only up to byte " + std::to_string(done) + " of " +
                      std::to_string(text.size()) + ": " + (got < 0 ? reason() : "the file ends there") +
                      ". Check the disk, and that nothing else writes to the file");
    done += static_cast<std::size_t>(got);
  }
  return text;
}

AtomicFile::AtomicFile(std::filesystem::path path) : path_(std::move(path)) {
  constexpr int kAttempts = 1000;
  const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    temporary_ = folder / ("." + path_.filename().string() + "." + random_characters());
    // Not mkostemp, whose files are private: open applies the umask, which belongs to all threads and is not touched.
    descriptor_ = Descriptor(::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (descriptor_ || errno != EEXIST)
      break;
  }
  if (!descriptor_)
    throw WorkError(path_.string() + ": cannot be written: " + reason() + ". Check that the folder " + folder.string() +
                    " exists and is writable, or name another one");
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty())
    ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor_.number(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      throw WorkError(path_.string() + ": cannot be written: " + (put < 0 ? reason() : "nothing was written") +
                      ". Free some space, or name another folder");
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    size_ += static_cast<std::uint64_t>(put);
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_.number()) != 0)
    throw WorkError(path_.string() + ": cannot be written: " + reason() + ". Free some space, or name another folder");
  descriptor_.reset();
  if (::rename(temporary_.c_str(), path_.c_str()) != 0)
    throw WorkError(path_.string() + ": cannot be put in place: " + reason() + ". Check that it is not a folder");
  temporary_.clear();
}

std::optional<std::uint64_t> free_disk(std::filesystem::path place) {
  std::error_code error;
  place = std::filesystem::absolute(place, error);
  while (!std::filesystem::exists(place, error) && place.has_relative_path())
    place = place.parent_path();
  const std::filesystem::space_info space = std::filesystem::space(place, error);
  return error ? std::nullopt : std::optional<std::uint64_t>(space.available);
}

void remove_temporary_files(const std::filesystem::path& folder) {
  constexpr std::size_t kSuffix = 1 + kRandomCharacters;
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

} // namespace sciexam::inline support
