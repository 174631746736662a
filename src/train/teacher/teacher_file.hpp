// A teacher's answers on the disk, so that they are computed once.
#pragma once

#include "inference/logits.hpp"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sciexam::inline train {

/// Answers to the questions of the training files: for each file its name, and for each of its questions the logits
/// with its first context, its second, and so on.
using FileAnswers = std::pair<std::string, std::vector<std::vector<OptionLogits>>>;

struct TeacherAnswers {
  std::string identity; ///< stands for the teacher, the questions and how they are read
  std::vector<FileAnswers> files;
};

/// Writes a safetensors file: for each training file "logits/NAME", f32 [answers, options], and "contexts/NAME", i32
/// [questions], how many answers each question has. Its metadata have the identity. Throws WorkError.
void write_teacher_answers(const std::filesystem::path& file, const TeacherAnswers& answers);

/// Throws InputError if it is not such a file or is damaged, UsageError if it cannot be opened.
TeacherAnswers read_teacher_answers(const std::filesystem::path& file);

/// The same of a file's contents; `name` is the file that messages name.
TeacherAnswers parse_teacher_answers(std::span<const std::byte> bytes, const std::filesystem::path& name);

} // namespace sciexam::inline train
