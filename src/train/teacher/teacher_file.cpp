#include "train/teacher/teacher_file.hpp"

#include "checkpoint/safetensors.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLogits = "logits/";
constexpr const char* kContexts = "contexts/";
constexpr const char* kIdentity = "identity";

std::vector<std::byte> bytes_of(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

[[noreturn]] void fail(const fs::path& file, const std::string& problem) {
  throw InputError({file}, problem, "Remove it: the teacher is asked again");
}

/// The tensors of a file, by name.
class Tensors {
public:
  Tensors(std::span<const std::byte> bytes, const fs::path& name)
      : bytes_(bytes), name_(name), header_(parse_safetensors_header(bytes, bytes.size(), name)) {}

  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }
  const std::vector<TensorInfo>& list() const { return header_.tensors; }

  template <typename Number>
  std::vector<Number> values(const std::string& name, DType dtype) const {
    const auto found = std::ranges::find(header_.tensors, name, &TensorInfo::name);
    if (found == header_.tensors.end() || found->dtype != dtype)
      fail(name_, "has no tensor " + name + " of a teacher's answers");
    std::vector<Number> values(found->elements());
    const std::uint64_t offset = header_.offsets[static_cast<std::size_t>(found - header_.tensors.begin())];
    std::memcpy(values.data(), bytes_.subspan(offset, found->bytes()).data(), found->bytes());
    return values;
  }

private:
  std::span<const std::byte> bytes_;
  const fs::path& name_;
  SafetensorsHeader header_;
};

std::vector<std::vector<OptionLogits>> answers_in(const Tensors& tensors, const std::string& name,
                                                  const fs::path& file) {
  const std::vector<float> logits = tensors.values<float>(kLogits + name, DType::f32);
  const std::vector<std::int32_t> contexts = tensors.values<std::int32_t>(kContexts + name, DType::i32);
  std::vector<std::vector<OptionLogits>> answers;
  std::size_t next = 0;
  for (const std::int32_t count : contexts) {
    if (count < 1 || static_cast<std::size_t>(count) > (logits.size() - next) / kOptions)
      fail(file, "has other counts of contexts than answers");
    answers.emplace_back(static_cast<std::size_t>(count));
    for (OptionLogits& own : answers.back()) {
      std::copy_n(logits.begin() + static_cast<std::ptrdiff_t>(next), kOptions, own.begin());
      next += kOptions;
    }
  }
  if (next != logits.size() || !std::ranges::all_of(logits, [](float value) { return std::isfinite(value); }))
    fail(file, "has answers that are not finite, or of no question");
  return answers;
}

} // namespace

void write_teacher_answers(const fs::path& file, const TeacherAnswers& answers) {
  std::vector<TensorInfo> tensors;
  std::vector<std::vector<std::byte>> contents;
  for (const auto& [name, questions] : answers.files) {
    std::vector<OptionLogits> logits;
    std::vector<std::int32_t> contexts;
    for (const std::vector<OptionLogits>& of_question : questions) {
      logits.insert(logits.end(), of_question.begin(), of_question.end());
      contexts.push_back(static_cast<std::int32_t>(of_question.size()));
    }
    tensors.push_back({kLogits + name, DType::f32, {static_cast<std::int64_t>(logits.size()), kOptions}});
    contents.push_back(bytes_of(std::as_bytes(std::span(logits))));
    tensors.push_back({kContexts + name, DType::i32, {static_cast<std::int64_t>(contexts.size())}});
    contents.push_back(bytes_of(std::as_bytes(std::span(contexts))));
  }
  write_safetensors(file, tensors, {{kIdentity, answers.identity}},
                    [&](std::size_t index, std::size_t first, std::span<std::byte> out) {
                      std::memcpy(out.data(), contents[index].data() + first, out.size());
                    });
}

TeacherAnswers parse_teacher_answers(std::span<const std::byte> bytes, const fs::path& file) {
  const Tensors tensors(bytes, file);
  const auto identity = tensors.metadata().find(kIdentity);
  if (identity == tensors.metadata().end())
    fail(file, "has no identity of a teacher's answers");
  TeacherAnswers answers{identity->second, {}};
  for (const TensorInfo& tensor : tensors.list())
    if (tensor.name.starts_with(kLogits)) {
      const std::string name = tensor.name.substr(std::strlen(kLogits));
      answers.files.emplace_back(name, answers_in(tensors, name, file));
    }
  return answers;
}

TeacherAnswers read_teacher_answers(const fs::path& file) {
  const MappedFile mapped(file);
  return parse_teacher_answers(mapped.bytes(), file);
}

} // namespace sciexam::inline train
