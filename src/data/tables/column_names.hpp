// The names that question sets give to their columns and members, as plain_name (table.hpp) writes them. Where a file
// has several of one kind, the first of the list counts.
#pragma once

#include <algorithm>
#include <iterator>
#include <string_view>

namespace sciexam::inline data {

/// SWAG's context and the beginning of an ending; its startphrase holds both.
inline constexpr std::string_view kFirstSentence = "sent1", kSecondSentence = "sent2";

inline constexpr std::string_view kIdNames[] = {"id", "questionid", "qid", "uid", "exampleid", "idstring", "index"};
inline constexpr std::string_view kPromptNames[] = {
    "prompt",       "question",    "questiontext", "questionstem",    "stem",          "query", "problem", "ques",
    "questionbody", "q",           "questionname", "questioncontent", "questiontitle", "goal",  "ctx",     "input",
    "sentence",     "startphrase", kSecondSentence};
inline constexpr std::string_view kContextNames[] = {
    "context",   "passage", "support",    "background", "article", "passagetext",    "passagecontext",
    "paragraph", "fact1",   "supporting", "fact",       "story",   "readingpassage", kFirstSentence};
inline constexpr std::string_view kSourceNames[] = {"source", "dataset", "origin"};
inline constexpr std::string_view kAnswerNames[] = {"answer",
                                                    "correctanswer",
                                                    "correct",
                                                    "answerkey",
                                                    "answeridx",
                                                    "answerindex",
                                                    "rightanswer",
                                                    "correctoption",
                                                    "correctchoice",
                                                    "label",
                                                    "target",
                                                    "solution",
                                                    "gold",
                                                    "correctans",
                                                    "ans",
                                                    "cop",
                                                    "correctanswerletter",
                                                    "correctletter",
                                                    "answerletter",
                                                    "correctanswerkey",
                                                    "correctkey",
                                                    "correctindex",
                                                    "correctanswerindex",
                                                    "correctoptionindex",
                                                    "correctanswerindices",
                                                    "goldlabel",
                                                    "answerlabel",
                                                    "answerid",
                                                    "answerlabelidx",
                                                    "correctresponse",
                                                    "rightoption",
                                                    "rightchoice",
                                                    "rightans",
                                                    "key",
                                                    "optionsright"};
/// '*' stands for the option's letter, '1' and '0' for its number, counted from there.
inline constexpr std::string_view kOptionNames[] = {
    "*",       "option*", "choice*", "opt*",    "op*",       "answer*",      "ans*",    "alternative*", "options*",
    "option0", "choice0", "opt0",    "answer0", "ans0",      "ending0",      "option1", "choice1",      "opt1",
    "answer1", "ans1",    "ending1", "sol1",    "solution1", "alternative1", "a1"};
inline constexpr std::string_view kWrongOptionNames[] = {
    "distractor1",      "incorrectanswer1", "wronganswer1", "distractors1",
    "incorrectoption1", "wrongoption1",     "incorrect1",   "wrong1"};

/// Names under which JSON has all options of a question, the surest first; all that are not right; and scores by text.
inline constexpr std::string_view kOptionListNames[] = {"options",       "choices",         "optionlist", "choicelist",
                                                        "answeroptions", "answerchoices",   "candidates", "endings",
                                                        "alternatives",  "possibleanswers", "mc1targets", "answers"};
inline constexpr std::string_view kWrongListNames[] = {"incorrectanswers", "wronganswers", "distractors",
                                                       "incorrectoptions", "wrongoptions", "incorrectchoices"};
inline constexpr std::string_view kScoresName = "targetscores";

template <std::size_t N>
bool is_one_of(const std::string_view (&names)[N], std::string_view plain) {
  return std::find(std::begin(names), std::end(names), plain) != std::end(names);
}

} // namespace sciexam::inline data
