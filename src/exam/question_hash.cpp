#include "exam/question_hash.hpp"

#include "support/files/sha256.hpp"

namespace sciexam::inline exam {

std::string question_hash(const Question& question) {
  constexpr std::size_t kDigits = 16;
  std::string text = question.prompt + '\0';
  for (const std::string& option : question.options)
    text += option + '\0';
  return sha256_hex(std::as_bytes(std::span(text))).substr(0, kDigits);
}

} // namespace sciexam::inline exam
