#include "answer/submission_writer.hpp"

#include "exam/submission.hpp"
#include "support/errors.hpp"
#include "support/messages/progress.hpp"

namespace sciexam::inline answer {

SubmissionWriter::SubmissionWriter(std::filesystem::path file, const Exam& exam) : file_(std::move(file)), exam_(exam) {
  std::vector<Ranking> rankings;
  for (const Question& question : exam_.questions)
    rankings.push_back(rank_by_length(question));
  write(rankings);
}

void SubmissionWriter::write(std::span<const Ranking> rankings) const {
  if (exam_.bad_rows.empty()) {
    write_submission(file_, exam_.questions, rankings);
    return;
  }
  std::vector<Question> questions;
  std::vector<Ranking> all;
  auto bad = exam_.bad_rows.begin();
  for (std::size_t q = 0; q <= exam_.questions.size(); ++q) {
    for (; bad != exam_.bad_rows.end() && bad->position == q; ++bad)
      if (!bad->id.empty()) {
        questions.push_back({.id = bad->id});
        all.push_back(rank_by_length(questions.back()));
      }
    if (q < exam_.questions.size()) {
      questions.push_back({.id = exam_.questions[q].id});
      all.push_back(rankings[q]);
    }
  }
  write_submission(file_, questions, all);
}

void SubmissionWriter::improve(std::span<const Ranking> rankings) {
  try {
    write(rankings);
    problem_.clear();
  } catch (const WorkError& error) {
    if (problem_.empty())
      warn_line(std::string("the submission keeps its earlier answers; newer ones cannot be written: ") + error.what());
    problem_ = std::string("the submission holds earlier answers than the last ones: ") + error.what();
  }
}

} // namespace sciexam::inline answer
