#include "retrieval/contexts/retrieval_record.hpp"

#include "exam/context_columns.hpp"
#include "support/text/counted.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <array>

namespace sciexam::inline retrieval {
namespace {

constexpr const char* kFormat = "sciexam-retrieval";
constexpr const char* kRemedy = "Retrieve the contexts again with this program, or remove the record";

constexpr std::array kForms = {QueryForm::prompt, QueryForm::all_options, QueryForm::each_option};
constexpr std::array kFusions = {Fusion::best, Fusion::sum, Fusion::reciprocal_rank};

/// The value of that name.
template <typename Kind, std::size_t kCount>
Kind named(const JsonView& view, const std::array<Kind, kCount>& kinds) {
  const std::string name = view.string();
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](Kind kind) { return name_of(kind) == name; });
  if (found == kinds.end())
    view.fail("is " + view.json().dump() + ", which this program does not know", kRemedy);
  return *found;
}

double number_in(const JsonView& view, double least, double most) {
  const double number = view.number();
  if (!(number >= least && number <= most))
    view.fail("is " + view.json().dump() + ", which is out of range", kRemedy);
  return number;
}

Json to_json(const RecordedFile& file) {
  return {{"name", file.name}, {"sha256", file.sha256}};
}

RecordedFile parse_file(const JsonView& view) {
  view.allow_only({"name", "sha256"});
  return {view.at("name").string(), view.at("sha256").sha256(kRemedy)};
}

Json to_json(const RetrievalSettings& settings) {
  return {{"query_form", name_of(settings.form)},
          {"fusion", name_of(settings.fusion)},
          {"top", settings.passages},
          {"contexts", settings.contexts},
          {"k1", settings.bm25.k1},
          {"b", settings.bm25.b}};
}

RetrievalSettings parse_settings(const JsonView& view) {
  view.allow_only({"query_form", "fusion", "top", "contexts", "k1", "b"});
  RetrievalSettings settings;
  settings.form = named(view.at("query_form"), kForms);
  settings.fusion = named(view.at("fusion"), kFusions);
  settings.passages = static_cast<std::size_t>(view.at("top").integer(1, kMostPassages));
  settings.contexts = static_cast<std::size_t>(view.at("contexts").integer(1, kMostContexts));
  settings.bm25.k1 = number_in(view.at("k1"), 0, 1e9);
  settings.bm25.b = number_in(view.at("b"), 0, 1);
  return settings;
}

} // namespace

std::filesystem::path retrieval_record_of(const std::filesystem::path& file) {
  std::filesystem::path record = file;
  record += ".retrieval.json";
  return record;
}

Json to_json(const RetrievalRecord& record) {
  return {{"format", kFormat},
          {"version", 1},
          {"program", record.program},
          {"index", {{"sha256", record.index_sha256}, {"title", record.index_title}, {"analyser", record.analyser}}},
          {"settings", to_json(record.settings)},
          {"in", to_json(record.in)},
          {"out", to_json(record.out)},
          {"degraded", record.degraded}};
}

RetrievalRecord parse_retrieval_record(std::string_view text, const std::filesystem::path& file) {
  const JsonDocument document(text, file);
  const JsonView root = document.root();
  if (root.at("format").string() != kFormat)
    root.at("format").fail("is not " + std::string(kFormat), kRemedy);
  root.at("version").integer(1, 1);
  root.allow_only({"format", "version", "program", "index", "settings", "in", "out", "degraded"});
  const JsonView index = root.at("index"), degraded = root.at("degraded");
  index.allow_only({"sha256", "title", "analyser"});
  RetrievalRecord record;
  record.program = root.at("program").string();
  record.index_sha256 = index.at("sha256").sha256(kRemedy);
  record.index_title = index.at("title").string();
  static_cast<void>(index.at("analyser").members()); // an object
  record.analyser = index.at("analyser").json();
  record.settings = parse_settings(root.at("settings"));
  record.in = parse_file(root.at("in"));
  record.out = parse_file(root.at("out"));
  for (std::size_t i = 0; i < degraded.size(); ++i)
    record.degraded.push_back(degraded.at(i).string());
  return record;
}

std::string described(const RetrievalRecord& record) {
  const RetrievalSettings& settings = record.settings;
  const std::string title = record.index_title.empty() ? "" : " (" + record.index_title + ")";
  const bool fused = settings.form == QueryForm::each_option || settings.contexts > 1;
  return "index " + record.index_sha256.substr(0, 12) + title + ", " + std::string(name_of(settings.form)) +
         (fused ? ", fusion " + std::string(name_of(settings.fusion)) : "") + ", top " +
         std::to_string(settings.passages) + ", " + counted(settings.contexts, "context") +
         printed(", k1 %g, b %g", settings.bm25.k1, settings.bm25.b) + (record.degraded.empty() ? "" : ", degraded");
}

} // namespace sciexam::inline retrieval
