// A training set under construction: questions and where they came from, what was left out, and why.
#pragma once

#include "data/text/clean.hpp"
#include "exam/question.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sciexam::inline data {

/// One question on its way into a training set.
struct Record {
  Question question;
  std::string source;    ///< what the column `source` will say
  std::size_t file = 0;  ///< which of DataSet::files it was read from
  std::size_t row = 0;   ///< the file's row, line or record, see TableRow
  std::size_t group = 0; ///< near-duplicates that were kept share a number, every other question has its own
};

/// Why a question was left out.
enum class Reason {
  malformed_row, ///< a different number of cells from the header
  empty_prompt,
  few_options,    ///< fewer than two, or than five where five are required
  many_options,   ///< more than five
  empty_option,   ///< where they are to be dropped
  doubled_option, ///< two options of the same text
  no_answer,
  unknown_answer, ///< neither the letter, the number nor the text of an option
  empty_answer,   ///< the right option has no text
  duplicate,      ///< the same prompt and options, in any order
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
  std::string detail; ///< what exactly, e.g. the answer that was not understood; may be empty
  std::string prompt; ///< or something else that identifies the question
};

/// A file that was read.
struct DataFile {
  std::string path;
  std::string name;        ///< short, and unique among the files; the default of `source`
  std::size_t read = 0;    ///< its questions, usable or not
  std::string form;        ///< what was found in it: columns, kind of answers
  std::string unused = {}; ///< the names of its columns that nothing was taken from
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

  /// Adds a file with a unique `name`: the file's own, with a number appended if it is taken.
  std::size_t add_file(const std::string& path);
  void reject(const Record& record, Reason reason, std::string detail = {});
  /// "train.csv, row 7".
  std::string place_of(const Record& record) const;
};

/// Removes the records for which `dropped` (as many) is true; the others keep their order.
void remove_records(DataSet& data, const std::vector<bool>& dropped);

} // namespace sciexam::inline data
