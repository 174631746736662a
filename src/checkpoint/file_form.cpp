#include "checkpoint/file_form.hpp"

#include "checkpoint/legacy_pytorch_bin.hpp"
#include "support/errors.hpp"
#include "support/files/file_kind.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace sciexam::inline checkpoint {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kJsonAt = 8; // of a safetensors file: after the header's length

/// A kind of file that is not read, known by its bytes at `at`; more is said about it than find_file_kind would.
struct OtherForm {
  std::size_t at;
  std::string_view bytes, problem, remedy;
};

constexpr std::string_view kGiveWeights = "Give a model.safetensors or a pytorch_model.bin";

constexpr OtherForm kOtherForms[] = {
    {257, "ustar"sv, "is a tar file: an archive, or what the first versions of PyTorch wrote",
     "Unpack it if it is an archive; else save its state dict again with PyTorch 0.4 or later"},
    {0, "\x89HDF"sv, "is an HDF5 file, as TensorFlow and Keras write weights", kGiveWeights},
    {0, "GGUF"sv, "is a GGUF file", kGiveWeights},
    {0, "\x80"sv, "is a pickle, but not one of torch.save", kGiveWeights},
};

bool has_at(std::span<const std::byte> bytes, std::size_t at, std::string_view text) {
  return bytes.size() >= at + text.size() &&
         std::string_view(reinterpret_cast<const char*>(bytes.data()) + at, text.size()) == text;
}

} // namespace

FileForm recognise_form(std::span<const std::byte> bytes, const std::filesystem::path& file) {
  if (bytes.empty())
    throw InputError({file}, "is empty", "Get the file from its source again");
  if (has_at(bytes, 0, "PK\x03\x04") || is_legacy_pytorch_bin(bytes))
    return FileForm::pytorch;
  if (has_at(bytes, kJsonAt, "{"))
    return FileForm::safetensors;
  for (const OtherForm& form : kOtherForms)
    if (has_at(bytes, form.at, form.bytes))
      throw InputError({file}, std::string(form.problem), std::string(form.remedy));
  constexpr std::size_t kLookedAt = 4096;
  const std::string_view beginning(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kLookedAt));
  if (const std::optional<FileKind> kind = find_file_kind(beginning))
    throw InputError({file}, "is " + kind->name, kind->stands_for_file ? kind->remedy : std::string(kGiveWeights));
  throw InputError({file}, "is neither a safetensors file nor a checkpoint of PyTorch", std::string(kGiveWeights));
}

} // namespace sciexam::inline checkpoint
