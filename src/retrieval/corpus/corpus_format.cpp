#include "retrieval/corpus/corpus_format.hpp"

#include "retrieval/corpus/cirrus_documents.hpp"
#include "retrieval/corpus/clean_utf8.hpp"
#include "retrieval/corpus/csv_documents.hpp"
#include "retrieval/corpus/document_fields.hpp"
#include "support/errors.hpp"
#include "support/files/file_kind.hpp"

#include <algorithm>

namespace sciexam::inline retrieval {
namespace {

using namespace std::string_view_literals;

/// A file that is refused, and how to convert it: FILE stands for its name, STEM for that without extension.
struct Refusal {
  std::string_view bytes; ///< that it begins with
  std::size_t offset;
  std::string_view name, remedy;
};

constexpr std::string_view kFromPandas = "'FILE').to_json('STEM.jsonl', orient='records', lines=True)\"";

constexpr Refusal kRefusals[] = {
    {"PAR1"sv, 0, "a Parquet table", "python3 -c \"import pandas; pandas.read_parquet("},
    {"ARROW1\0"sv, 0, "an Arrow (Feather) table", "python3 -c \"import pandas; pandas.read_feather("},
    {"FEA1\0"sv, 0, "a Feather table", "python3 -c \"import pandas; pandas.read_feather("},
    {"\xFF\xFF\xFF\xFF"sv, 0, "an Arrow stream",
     "python3 -c \"import datasets; datasets.Dataset.from_file('FILE').to_json('STEM.jsonl')\""},
    {"PK\x03\x04"sv, 0, "a ZIP archive", "python3 -m zipfile -e FILE STEM"},
    {"7z\xBC\xAF\x27\x1C"sv, 0, "a 7-Zip archive", "python3 -m py7zr x FILE STEM"},
    {"ustar"sv, 257, "a tar archive", "python3 -m tarfile -e FILE STEM"},
    {"\xFD\x37zXZ\0"sv, 0, "an xz archive",
     "python3 -c \"import lzma, shutil; shutil.copyfileobj(lzma.open('FILE'), open('STEM', 'wb'))\""},
};

constexpr std::string_view kAsJsonLines = "Make JSON lines of it: {\"title\": \"..\", \"text\": \"..\"}";

void replace_all(std::string& text, std::string_view what, const std::string& by) {
  for (std::size_t i = text.find(what); i != std::string::npos; i = text.find(what, i + by.size()))
    text.replace(i, what.size(), by);
}

[[noreturn]] void refuse(const std::filesystem::path& file, std::string_view name, std::string_view command) {
  std::string remedy = "Convert it first: " + std::string(command);
  if (remedy.ends_with('('))
    remedy += kFromPandas;
  replace_all(remedy, "FILE", file.string());
  replace_all(remedy, "STEM", stem_of(file));
  throw InputError({file}, "is " + std::string(name), remedy);
}

std::string_view without_space(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

void refuse_markup(std::string_view text, const std::filesystem::path& file) {
  if (text.starts_with('[') && without_space(text.substr(1)).starts_with('{'))
    refuse(file, "one JSON list, not JSON lines",
           "python3 -c \"import json; [print(json.dumps(d)) for d in json.load(open('FILE'))]\" > STEM.jsonl");
  if (!text.starts_with('<'))
    return;
  if (text.starts_with("<mediawiki") || text.starts_with("<page>") || text.find("<mediawiki") != std::string_view::npos)
    throw InputError({file}, "is raw wikitext (XML)",
                     "Take Wikimedia's CirrusSearch dump instead, whose text is rendered "
                     "(https://dumps.wikimedia.org/other/cirrus_search_index/), or convert it: "
                     "python3 -m wikiextractor.WikiExtractor --json -o " +
                         stem_of(file) + " " + file.string());
  if (text.starts_with("<?xml"))
    throw InputError({file}, "is XML", std::string(kAsJsonLines));
}

/// Kinds of files that have been named for other inputs.
void refuse_other_kinds(std::string_view beginning, const std::filesystem::path& file) {
  const std::optional<FileKind> kind = find_file_kind(beginning);
  if (!kind || kind->name == "JSON")
    return;
  const bool has_own = kind->stands_for_file || kind->name.starts_with("UTF-");
  throw InputError({file}, "is " + kind->name, has_own ? kind->remedy : std::string(kAsJsonLines));
}

void refuse_bytes(std::string_view beginning, const std::filesystem::path& file) {
  constexpr std::size_t kOneIn = 8; // a text in another encoding than UTF-8 has fewer
  std::string clean;
  const std::size_t odd = append_clean_utf8(beginning, clean) +
                          static_cast<std::size_t>(std::count_if(beginning.begin(), beginning.end(),
                                                                 [](char c) { return c >= '\0' && c < '\t'; }));
  if (odd * kOneIn > beginning.size())
    throw InputError({file}, "is no text", "Give JSON lines, CSV or plain text in UTF-8, or a CirrusSearch dump");
}

bool begins_json(std::string_view text) {
  const std::string_view next = text.starts_with('{') ? without_space(text.substr(1)) : std::string_view();
  return next.starts_with('"') || next.starts_with('}');
}

} // namespace

CorpusFormat find_corpus_format(std::string_view beginning, const std::filesystem::path& file) {
  for (const Refusal& refusal : kRefusals)
    if (beginning.size() > refusal.offset && beginning.substr(refusal.offset).starts_with(refusal.bytes))
      refuse(file, refusal.name, refusal.remedy);
  const std::string_view text = without_space(beginning);
  refuse_markup(text, file);
  refuse_other_kinds(beginning, file);
  refuse_bytes(beginning, file);
  const std::string extension = extension_of(file);
  if (begins_json(text))
    return is_cirrus_action(text.substr(0, text.find('\n'))) ? CorpusFormat::cirrus : CorpusFormat::json_lines;
  if (!text.empty() && (extension == ".jsonl" || extension == ".json" || extension == ".ndjson"))
    return CorpusFormat::json_lines;
  if (is_csv_of_documents(beginning) || (!text.empty() && (extension == ".csv" || extension == ".tsv")))
    return CorpusFormat::csv;
  return CorpusFormat::text;
}

void refuse_arrow_folder(const std::filesystem::path& folder) {
  std::error_code unknown; // a folder that cannot be read is found out elsewhere
  if (!std::filesystem::exists(folder / "dataset_info.json", unknown) ||
      !std::filesystem::exists(folder / "state.json", unknown))
    return;
  throw UsageError(folder.string() +
                   ": is a table in Arrow's format (Hugging Face's save_to_disk). Convert it first: " +
                   "python3 -c \"import datasets; datasets.load_from_disk('" + folder.string() + "').to_json('" +
                   folder.filename().string() + ".jsonl')\"");
}

} // namespace sciexam::inline retrieval
