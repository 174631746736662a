// What becomes a training set: questions with where they came from, and what was left out and why.
#pragma once

#include "data/selection/clean.hpp"
#include "exam/question.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam {

/// One question on its way into a training set.
struct Record {
  Question question;
  std::string source;    ///< what the column `source` will say
  std::size_t file = 0;  ///< which of DataSet::files it was read from
  std::size_t row = 0;   ///< the file's row (in JSON lines: the line), from 1
  std::size_t group = 0; ///< near-duplicates that were kept have the same number, others each their own
};

/// Why a question was left out.
enum class Reason {
  empty_prompt,
  few_options,    ///< fewer than two, or than five where five are required
  empty_option,   ///< where they are to be dropped
  doubled_option, ///< two options of the same text
  no_answer,
  unknown_answer, ///< neither letter, index nor text of an option
  empty_answer,   ///< the right option has no text
  duplicate,      ///< the same prompt and options, in whatever order
  near_duplicate,
  held_out,           ///< a near-duplicate of a question of a hold-out file
  easy,               ///< an ensemble is sure of the right answer
  failed_request,     ///< the service answered with an error, or stopped early
  malformed_response, ///< not of the form that was asked for
  malformed_question,
  unknown_passage, ///< the response belongs to no passage of the articles
};
inline constexpr int kReasons = static_cast<int>(Reason::unknown_passage) + 1;

/// In words, e.g. "two equal options".
std::string_view text_of(Reason reason);

struct Rejection {
  std::size_t file = 0; ///< as in Record
  std::size_t row = 0;
  Reason reason;
  std::string detail; ///< what exactly, e.g. the answer that is none; may be empty
  std::string prompt; ///< or whatever shows which one it is
};

/// A file that was read.
struct DataFile {
  std::string path;
  std::string name;     ///< short and unlike those of the other files; the default of `source`
  std::size_t read = 0; ///< its questions, usable or not
  std::string form;     ///< what was found in it: columns, kind of answers
};

/// Two questions that are nearly the same.
struct AlikePair {
  std::string kept, dropped; ///< the prompts
  std::string kept_place, dropped_place;
  double similarity = 0;
  bool held_out = false; ///< the kept one is of a hold-out file
};

struct DataSet {
  std::vector<DataFile> files = {};
  std::vector<Record> records = {}; ///< in the order of the files and their rows
  std::vector<Rejection> rejected = {};
  std::vector<AlikePair> alike = {};
  CleaningCounts cleaning = {};

  /// Adds a file, with a `name` of its own: the file's, or with a number behind it.
  std::size_t add_file(const std::string& path);
  void reject(const Record& record, Reason reason, std::string detail = {});
  /// "train.csv, row 7".
  std::string place_of(const Record& record) const;
};

/// Removes the records for which `dropped` (as many) is true; the others keep their order.
void remove_records(DataSet& data, const std::vector<bool>& dropped);

} // namespace sciexam
