// The submission of a run: complete at all times, and improved as answers arrive.
#pragma once

#include "exam/question.hpp"
#include "exam/ranking.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace sciexam::inline answer {

class SubmissionWriter {
public:
  /// Writes the first submission, by the options' lengths: from here on there is a valid one. Throws WorkError if it
  /// cannot be written. Rows of the exam that could not be read but have an id are answered "A B C".
  SubmissionWriter(std::filesystem::path file, const Exam& exam);

  /// Writes better answers, `rankings[i]` for `exam.questions[i]`. If they cannot be written (disk full), the earlier
  /// submission stays, and the first such failure is a warning.
  void improve(std::span<const Ranking> rankings);

  /// A sentence if the file does not hold the latest answers; else empty.
  const std::string& problem() const noexcept { return problem_; }

private:
  void write(std::span<const Ranking> rankings) const;

  std::filesystem::path file_;
  const Exam& exam_;
  std::string problem_;
};

} // namespace sciexam::inline answer
