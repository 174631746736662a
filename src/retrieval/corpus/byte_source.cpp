#include "retrieval/corpus/byte_source.hpp"

#include "support/errors.hpp"
#include "support/files/descriptor.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sciexam::inline retrieval {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} << 10, kPackedBytes = std::size_t{128} << 10;
constexpr std::size_t kMark = 4;              ///< bytes by which another member is known
constexpr std::size_t kLongestSignature = 10; ///< bytes by which find_decoder() knows a file

std::shared_ptr<Descriptor> open_file(const std::filesystem::path& file) {
  if (file == "-")
    return std::make_shared<Descriptor>(::dup(STDIN_FILENO));
  auto descriptor = std::make_shared<Descriptor>(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!*descriptor)
    throw UsageError(file.string() + ": cannot be opened: " + std::strerror(errno) +
                     ". Check the path and its permissions");
  struct stat status {};
  if (::fstat(descriptor->number(), &status) == 0 && S_ISDIR(status.st_mode))
    throw UsageError(file.string() + ": is a folder. Give the path of a file in it");
  ::posix_fadvise(descriptor->number(), 0, 0, POSIX_FADV_SEQUENTIAL); // only a hint
  return descriptor;
}

std::filesystem::path shown_name(const std::filesystem::path& file) {
  return file == "-" ? "standard input" : file;
}

std::size_t read_some(const Descriptor& descriptor, std::span<char> bytes, const std::filesystem::path& name) {
  for (;;) {
    const ssize_t got = ::read(descriptor.number(), bytes.data(), bytes.size());
    if (got >= 0)
      return static_cast<std::size_t>(got);
    if (errno != EINTR)
      throw WorkError(name.string() + ": cannot be read: " + std::strerror(errno) +
                      ". Check the disk, or copy the file elsewhere");
  }
}

/// Moves the bytes [begin, end) to the front of `buffer` and gives it room for `size` in all.
void make_room(std::string& buffer, std::size_t& begin, std::size_t& end, std::size_t size) {
  if (begin > 0)
    std::memmove(buffer.data(), buffer.data() + begin, end - begin);
  end -= begin;
  begin = 0;
  if (buffer.size() < size)
    buffer.resize(size);
}

} // namespace

ByteSource::ByteSource(Read read, std::filesystem::path file) : file_(std::move(file)), read_(std::move(read)) {
  has_packed(kLongestSignature);
  decoder_ = find_decoder(std::string_view(packed_).substr(0, packed_end_));
}

ByteSource::ByteSource(const std::filesystem::path& file)
    : ByteSource([descriptor = open_file(file),
                  name = shown_name(file)](std::span<char> bytes) { return read_some(*descriptor, bytes, name); },
                 shown_name(file)) {}

ByteSource ByteSource::of(std::string bytes, std::filesystem::path name) {
  return {[bytes = std::move(bytes), offset = std::size_t{0}](std::span<char> to) mutable {
            const std::size_t count = bytes.copy(to.data(), to.size(), offset);
            offset += count;
            return count;
          },
          std::move(name)};
}

std::string_view ByteSource::peek(std::size_t least, std::size_t row) {
  while (end_ - begin_ < least) {
    make_room(block_, begin_, end_, std::max(kBlockBytes, least));
    const std::size_t got = fill(std::span(block_).subspan(end_), row);
    if (got == 0)
      break;
    end_ += got;
  }
  return std::string_view(block_).substr(begin_, end_ - begin_);
}

std::size_t ByteSource::fill(std::span<char> bytes, std::size_t row) {
  if (decoder_ == nullptr && packed_begin_ < packed_end_) { // what was read to know that it is not packed
    const std::size_t count =
        packed_.copy(bytes.data(), std::min(bytes.size(), packed_end_ - packed_begin_), packed_begin_);
    packed_begin_ += count;
    return count;
  }
  if (decoder_ == nullptr) {
    const std::size_t got = read_(bytes);
    bytes_read_ += got;
    return got;
  }
  try {
    return unpack(bytes, row);
  } catch (const DamagedBytes& damage) {
    throw InputError({file_, row}, "is " + damage.problem, damage.remedy);
  }
}

/// True if `least` more packed bytes have been read or can be.
bool ByteSource::has_packed(std::size_t least) {
  while (packed_end_ - packed_begin_ < least) {
    make_room(packed_, packed_begin_, packed_end_, kPackedBytes);
    const std::size_t got = read_(std::span(packed_).subspan(packed_end_));
    if (got == 0)
      return false;
    packed_end_ += got;
    bytes_read_ += got;
  }
  return true;
}

/// Between two members: true if there is no other. Throws DamagedBytes for bytes that begin none.
bool ByteSource::at_end() {
  has_packed(kMark);
  const std::string_view rest = std::string_view(packed_).substr(packed_begin_, packed_end_ - packed_begin_);
  if (rest.empty())
    return true;
  if (decoder_->begins_member(rest))
    return false;
  if (decoder_->may_be_padded())
    for (; has_packed(1) && packed_[packed_begin_] == '\0'; ++packed_begin_) {
    }
  if (decoder_->may_be_padded() && packed_begin_ == packed_end_)
    return true;
  throw DamagedBytes{"longer than its " + std::string(decoder_->name()) + " data: other bytes follow them",
                     "Download it again, or remove what was appended to it"};
}

/// Some bytes, or none at the end of the last member.
std::size_t ByteSource::unpack(std::span<char> bytes, std::size_t row) {
  std::span<char> left = bytes;
  while (left.size() == bytes.size()) {
    if (!in_member_ && at_end())
      return 0;
    // A decoder may hold bytes back that no longer need input, so that the end is one only if it gives none.
    const bool has_input = has_packed(1);
    std::string_view packed = std::string_view(packed_).substr(packed_begin_, packed_end_ - packed_begin_);
    in_member_ = decoder_->decode(packed, left) == Decoder::Step::going_on;
    packed_begin_ = packed_end_ - packed.size();
    if (!has_input && in_member_ && left.size() == bytes.size())
      throw InputError({file_, row}, "ends in the middle of its " + std::string(decoder_->name()) + " data",
                       "It has not been downloaded or copied completely: get it again, and compare its size");
  }
  return bytes.size() - left.size();
}

} // namespace sciexam::inline retrieval
