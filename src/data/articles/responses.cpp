#include "data/articles/responses.hpp"

#include "data/forms/question_check.hpp"
#include "data/tables/json_lines.hpp"
#include "support/errors.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace sciexam::inline data {
namespace {

constexpr std::array<const char*, kOptions> kLetters = {"A", "B", "C", "D", "E"};

/// A response that gives no questions.
struct Refused {
  Reason reason;
  std::string detail;
};

/// The text that the model wrote. Throws Refused, or InputError where the response has another form.
std::string content_of(const JsonView& root) {
  if (root.has("error")) {
    const JsonView error = root.at("error");
    throw Refused{Reason::failed_request, error.has("message") ? error.at("message").string() : error.json().dump()};
  }
  const JsonView response = root.at("response");
  if (const auto status = response.at("status_code").integer(0, 999); status != 200)
    throw Refused{Reason::failed_request, "status code " + std::to_string(status)};
  const JsonView choice = response.at("body").at("choices").at(std::size_t{0});
  const JsonView message = choice.at("message");
  if (message.has("refusal"))
    throw Refused{Reason::failed_request, "refused: " + message.at("refusal").string()};
  if (choice.has("finish_reason"))
    if (const std::string reason = choice.at("finish_reason").string(); reason != "stop")
      throw Refused{Reason::failed_request, "ended early: " + reason};
  return message.at("content").string();
}

/// `text` without the fence of a code block ("```json ... ```") that some models put around JSON.
std::string_view without_fence(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto trim = [&] {
    text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
    text = text.substr(0, text.find_last_not_of(kSpace) + 1);
  };
  trim();
  if (text.starts_with("```") && text.ends_with("```") && text.size() >= 6) {
    text = text.substr(3, text.size() - 6);
    if (text.starts_with("json"))
      text.remove_prefix(4);
    trim();
  }
  return text;
}

/// One question as the model wrote it, cleaned. Throws InputError if it does not have the requested form.
Question read_question(const JsonView& written, CleaningCounts& counts) {
  Question question;
  question.prompt = clean_text(written.at("prompt").string(), counts);
  for (std::size_t i = 0; i < kOptions; ++i)
    question.options[i] = clean_text(written.at(kLetters[i]).string(), counts);
  if (!written.has("answer"))
    return question;
  CleaningCounts uncounted;
  const std::string answer = clean_text(written.at("answer").string(), uncounted);
  question.answer = option_index(answer);
  if (!question.answer && !answer.empty())
    written.at("answer").fail("is \"" + excerpt(answer) + "\"", "It must be one of A to E");
  return question;
}

/// The prompt, if it can be read; to show which question is meant.
std::string prompt_of(const JsonView& written) {
  CleaningCounts uncounted;
  const bool readable = written.has("prompt") && written.at("prompt").json().is_string();
  return readable ? clean_text(written.at("prompt").string(), uncounted) : "";
}

void import_question(const JsonView& written, Record record, DataSet& data) {
  ++data.files[record.file].read;
  std::string context = std::move(record.question.context);
  const std::string id = record.question.id;
  try {
    record.question = read_question(written, data.cleaning);
  } catch (const InputError& error) {
    record.question.prompt = prompt_of(written);
    data.reject(record, Reason::malformed_question, error.what());
    return;
  }
  record.question.id = id;
  if (const auto fault = find_fault(record.question, kOptions, {.drop_empty_options = true, .require_five = false})) {
    data.reject(record, fault->reason, fault->detail);
    return;
  }
  record.question.context = std::move(context);
  data.records.push_back(std::move(record));
}

/// The questions of one response, each either taken or rejected. Throws what content_of does.
void import_questions(const JsonView& root, Record record, const std::vector<Article>& articles, DataSet& data) {
  const std::string content = content_of(root);
  const std::string& id = record.question.id;
  Passage passage;
  if (!find_passage(id, articles, passage))
    throw Refused{Reason::unknown_passage, "custom_id \"" + excerpt(id) + "\""};
  record.question.context = clean_text(text_of(passage, articles[passage.article]), data.cleaning);
  const JsonDocument written(without_fence(content), "the response's content");
  const JsonView questions = written.root().at("questions");
  for (std::size_t i = 0; i < questions.size(); ++i) {
    Record one = record;
    one.question.id += "-q" + std::to_string(i + 1);
    import_question(questions.at(i), std::move(one), data);
  }
}

} // namespace

void import_response(const std::string& line, std::size_t file, std::size_t row, const std::vector<Article>& articles,
                     DataSet& data) {
  Record record;
  record.file = file;
  record.row = row;
  record.source = data.files[file].name;
  const auto refuse = [&](Reason reason, const std::string& detail) {
    ++data.files[file].read;
    data.reject(record, reason, detail);
  };
  try {
    const JsonDocument document(line, "row " + std::to_string(row));
    const JsonView root = document.root();
    record.question.id = root.at("custom_id").string();
    record.question.prompt = "(" + excerpt(record.question.id) + ")"; // shown where no question can be
    import_questions(root, record, articles, data);
  } catch (const Refused& refused) {
    refuse(refused.reason, refused.detail);
  } catch (const InputError& error) {
    refuse(Reason::malformed_response, error.what());
  }
}

void import_responses(const std::filesystem::path& path, const std::vector<Article>& articles, DataSet& data) {
  JsonLines lines(path);
  const std::size_t file = data.add_file(path.string());
  data.files[file].form = "responses of a service";
  const std::size_t before = data.records.size(), rejected_before = data.rejected.size();
  for (std::string line; lines.next(line);)
    import_response(line, file, lines.row(), articles, data);
  if (data.records.size() > before)
    return;
  const std::string last = data.rejected.size() == rejected_before
                               ? ""
                               : "; the last was rejected for: " + std::string(text_of(data.rejected.back().reason)) +
                                     " (" + data.rejected.back().detail + ")";
  throw InputError({path}, "gives no usable question" + last,
                   "Give the service's output file, and the articles that the requests were made from");
}

} // namespace sciexam::inline data
