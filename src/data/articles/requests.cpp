#include "data/articles/requests.hpp"

#include "data/text/clean.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/text/counted.hpp"
#include "support/text/json.hpp"

namespace sciexam::inline data {
namespace {

constexpr const char* kInstructions =
    "You write difficult multiple-choice questions for a science exam. You are given a passage of an encyclopedia. "
    "Write questions whose answers follow from the passage, each with five options, A to E, of which exactly one is "
    "right.\n"
    "- A question must be understood without the passage: name what it is about, and never mention the passage, the "
    "text or the author.\n"
    "- Ask about facts, causes, definitions and relations that somebody who studies the field should know, not about "
    "the wording.\n"
    "- The wrong options must be plausible to somebody who knows a little, and clearly wrong to somebody who knows "
    "the field. Do not use \"all of these\" or \"none of these\".\n"
    "- All five options must be of about the same length, detail and style, and differ from each other. The right "
    "one must not stand out; it must stand at each of the letters about equally often.\n"
    "- Every question must ask about something else.";

/// {"type": "object"} with exactly these members, as strict schemas want it.
Json object_schema(const Json& members) {
  Json required = Json::array();
  for (const auto& [name, schema] : members.items())
    required.push_back(name);
  return {{"type", "object"}, {"properties", members}, {"required", required}, {"additionalProperties", false}};
}

Json response_format() {
  const Json text = {{"type", "string"}};
  const Json question = object_schema({{"prompt", text},
                                       {"A", text},
                                       {"B", text},
                                       {"C", text},
                                       {"D", text},
                                       {"E", text},
                                       {"answer", {{"type", "string"}, {"enum", {"A", "B", "C", "D", "E"}}}}});
  const Json schema = object_schema({{"questions", {{"type", "array"}, {"items", question}}}});
  return {{"type", "json_schema"}, {"json_schema", {{"name", "exam_questions"}, {"strict", true}, {"schema", schema}}}};
}

std::string task(const Passage& passage, const Article& article, int questions) {
  CleaningCounts uncounted;
  const std::string title = clean_text(article.title, uncounted);
  return "Write " + counted(questions, "question") + " about this passage" +
         (title.empty() ? "" : " of the article \"" + title + "\"") + ":\n\n" +
         clean_text(text_of(passage, article), uncounted);
}

/// Lines that go to one file or, beyond a limit, to several; none appears before all are complete.
class RequestWriter {
public:
  RequestWriter(std::filesystem::path path, const RequestRules& rules) : path_(std::move(path)), rules_(rules) {}

  void add(const std::string& line) {
    if (files_.empty() || lines_ == rules_.requests_per_file ||
        files_.back().size() + line.size() + 1 > rules_.bytes_per_file) {
      files_.emplace_back();
      lines_ = 0;
    }
    files_.back() += line + "\n";
    ++lines_;
  }

  std::vector<std::filesystem::path> write() const {
    std::vector<std::filesystem::path> paths;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      std::filesystem::path name = path_.stem();
      name += "-" + std::to_string(i + 1);
      name += path_.extension();
      paths.push_back(files_.size() == 1 ? path_ : path_.parent_path() / name);
      write_file_atomically(paths.back(), files_[i]);
    }
    return paths;
  }

private:
  std::filesystem::path path_;
  const RequestRules& rules_;
  std::vector<std::string> files_;
  std::size_t lines_ = 0; ///< of the last file
};

} // namespace

std::string request_line(const Passage& passage, const Article& article, const RequestRules& rules) {
  const Json messages = {{{"role", "system"}, {"content", kInstructions}},
                         {{"role", "user"}, {"content", task(passage, article, rules.questions_per_passage)}}};
  const Json request = {
      {"custom_id", id_of(passage, article)},
      {"method", "POST"},
      {"url", "/v1/chat/completions"},
      {"body", {{"model", rules.model}, {"messages", messages}, {"response_format", response_format()}}}};
  return request.dump();
}

RequestFiles write_requests(const std::filesystem::path& path, const std::vector<Article>& articles,
                            const RequestRules& rules) {
  RequestWriter writer(path, rules);
  RequestFiles files;
  for (std::size_t i = 0; i < articles.size(); ++i) {
    const std::vector<Passage> passages = split_into_passages(articles[i], i, rules.passage_characters);
    for (const Passage& passage : passages)
      writer.add(request_line(passage, articles[i], rules));
    files.passages += passages.size();
    files.articles_without += passages.empty();
  }
  if (files.passages == 0)
    throw UsageError(counted(articles.size(), "article") + " without a passage of " + std::to_string(kLeastPassage) +
                     " characters. Give longer articles");
  files.paths = writer.write();
  return files;
}

} // namespace sciexam::inline data
