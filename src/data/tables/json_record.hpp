// A question as a JSON object, in one of the many forms that question sets have, as named cells.
#pragma once

#include "support/text/json.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sciexam::inline data {

/// Names and texts, in the object's order.
using NamedCells = std::vector<std::pair<std::string, std::string>>;

/// The cells of one question:
///   - what lies in objects inside it gets names such as "question.stem", and several texts of one list become lines
///     of one cell;
///   - its list of options becomes "options.A", "options.B", ..., without labels such as "A)" that all carry. It
///     may be a list of texts, a list of objects with a text and a label, an object of a list of texts and one of
///     labels, an object of texts by label, or BIG-bench's target_scores;
///   - a list of wrong options becomes "distractors.1", ...;
///   - an answer that is an option's label ("3" of 1 to 4) becomes the letter of the option's place, and an option that
///     is marked as right gives "options.right".
NamedCells cells_of(const Json& record);

/// The questions of one object: itself; or, if it is a text with a list of questions (RACE: "article", "questions",
/// "options", "answers" of one length; QuALITY: "article" and a list of objects), each question with the text.
std::vector<Json> questions_in(const Json& record);

/// Whether the object has such a list.
bool has_question_list(const Json& record);

/// Whether the object has a member for a question and one for its options or its answer.
bool is_question(const Json& record);

} // namespace sciexam::inline data
