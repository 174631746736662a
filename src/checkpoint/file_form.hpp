// What a file of weights is, by its first bytes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace sciexam::inline checkpoint {

/// The forms that are read.
enum class FileForm { safetensors, pytorch };

/// The form of a file with these bytes. Throws InputError, saying what it is instead (a Git LFS pointer, a web page, an
/// archive, weights of another library) and what to do; `file` is only used in messages.
FileForm recognise_form(std::span<const std::byte> bytes, const std::filesystem::path& file);

} // namespace sciexam::inline checkpoint
