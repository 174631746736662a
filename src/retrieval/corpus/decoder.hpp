// Unpacking: gzip, bzip2 and zstd behind one interface.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sciexam::inline retrieval {

/// Unpacks one member after another: a gzip member, a bzip2 stream, a zstd frame.
class Decoder {
public:
  enum class Step { going_on, member_end };

  virtual ~Decoder() = default;
  /// Takes from the front of `packed` and fills the front of `bytes`; both become what is left of them. After
  /// member_end the next call begins another member. Throws DamagedBytes.
  virtual Step decode(std::string_view& packed, std::span<char>& bytes) = 0;
  /// True if a member may begin with these bytes (four of them, fewer at the end of the file).
  virtual bool begins_member(std::string_view packed) const noexcept = 0;
  /// True if zeros after the last member are no fault: what is copied from tapes and disks in whole blocks has them.
  virtual bool may_be_padded() const noexcept { return false; }
  /// "gzip".
  virtual std::string_view name() const noexcept = 0;
};

/// What a decoder cannot go on with; who knows the file makes an InputError of it.
struct DamagedBytes {
  std::string problem; ///< follows "is": "damaged (incorrect data check)"
  std::string remedy;
};

/// The decoder for a file that begins with these bytes; null if it is not packed in one of these ways.
std::unique_ptr<Decoder> find_decoder(std::string_view beginning);

} // namespace sciexam::inline retrieval
