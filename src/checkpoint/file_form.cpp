#include "checkpoint/file_form.hpp"

#include "checkpoint/legacy_pytorch_bin.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <string_view>

namespace sciexam {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kJsonAt = 8; // of a safetensors file: after the header's length

/// A kind of file that is not read, by the bytes at `at`.
struct OtherForm {
  std::size_t at;
  std::string_view bytes, problem, remedy;
};

constexpr std::string_view kGiveWeights = "Give a model.safetensors or a pytorch_model.bin";
constexpr std::string_view kUnpack = "Unpack it first";

constexpr OtherForm kOtherForms[] = {
    {0, "version https://git-lfs"sv, "is a Git LFS pointer, not the weights themselves",
     "Run git lfs pull in its repository, or download the file itself"},
    {257, "ustar"sv, "is a tar file: an archive, or what the first versions of PyTorch wrote",
     "Unpack it if it is an archive; else save its state dict again, by PyTorch 0.4 or later"},
    {0, "\x1F\x8B"sv, "is compressed by gzip", kUnpack},
    {0, "7z\xBC\xAF\x27\x1C"sv, "is a 7z archive", kUnpack},
    {0, "\x28\xB5\x2F\xFD"sv, "is compressed by zstd", kUnpack},
    {0, "BZh"sv, "is compressed by bzip2", kUnpack},
    {0,
     "\xFD"
     "7zXZ"sv,
     "is compressed by xz", kUnpack},
    {0, "Rar!"sv, "is a RAR archive", kUnpack},
    {0, "\x89HDF"sv, "is an HDF5 file, as TensorFlow and Keras write weights", kGiveWeights},
    {0, "GGUF"sv, "is a GGUF file", kGiveWeights},
    {0, "\x93NUMPY"sv, "is an array of NumPy", kGiveWeights},
    {0, "\x80"sv, "is a pickle, but not one of torch.save", kGiveWeights},
};

bool has_at(std::span<const std::byte> bytes, std::size_t at, std::string_view text) {
  return bytes.size() >= at + text.size() &&
         std::string_view(reinterpret_cast<const char*>(bytes.data()) + at, text.size()) == text;
}

/// Markup, after white space and a byte order mark: an error page that was saved instead of the file.
bool is_web_page(std::span<const std::byte> bytes) {
  const std::string_view begin(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 1024));
  const std::size_t first = begin.find_first_not_of("\xEF\xBB\xBF \t\r\n");
  return first != std::string_view::npos && begin[first] == '<';
}

} // namespace

FileForm recognise_form(std::span<const std::byte> bytes, const std::filesystem::path& file) {
  if (bytes.empty())
    throw InputError({file}, "is empty", "Take the file from its source again");
  if (has_at(bytes, 0, "PK\x03\x04") || is_legacy_pytorch_bin(bytes))
    return FileForm::pytorch;
  if (has_at(bytes, kJsonAt, "{"))
    return FileForm::safetensors;
  for (const OtherForm& form : kOtherForms)
    if (has_at(bytes, form.at, form.bytes))
      throw InputError({file}, std::string(form.problem), std::string(form.remedy));
  if (is_web_page(bytes))
    throw InputError({file}, "is a web page, not the weights", "Download the file itself");
  throw InputError({file}, "is neither a safetensors file nor a checkpoint of PyTorch", std::string(kGiveWeights));
}

} // namespace sciexam
