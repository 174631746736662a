#include "retrieval/build/index_page.hpp"

#include "report/index_report.hpp"
#include "retrieval/build/corpus_stream.hpp"
#include "retrieval/index/bytes.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/machine/memory.hpp"
#include "support/text/numbers.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace sciexam::inline retrieval {
namespace {

constexpr double kMostInLastBar = 0.005; // of all passages

std::vector<std::uint64_t> lengths_of(const PassageIndex& index) {
  std::vector<std::uint64_t> counts(std::size_t{std::numeric_limits<std::uint16_t>::max()} + 1);
  for (std::size_t number = 0; number < index.shards(); ++number) {
    const Shard* const shard = index.shard(number);
    if (shard == nullptr)
      throw PackageError(index.path(), "has a damaged shard: " + index.left_out().front().reason, kIndexRemedy);
    const std::byte* const table = shard->length_table();
    for (std::size_t i = 0; i < shard->passages; ++i)
      ++counts[load_number<std::uint16_t>(table + 2 * i)];
  }
  return counts;
}

/// 1, 2 or 5 times a power of ten, so that `bars` of it reach `length`.
std::size_t bar_width(std::size_t length, std::size_t bars) {
  for (std::size_t power = 1;; power *= 10)
    for (const std::size_t digit : {1, 2, 5})
      if (digit * power * bars > length)
        return digit * power;
}

std::vector<std::pair<std::string, std::uint64_t>> parts_of(const IndexManifest& manifest) {
  std::uint64_t postings = 0, lengths = 0;
  for (const ShardRecord& shard : manifest.shards) {
    postings += shard.postings_file.size();
    lengths += shard.lengths_file.size();
  }
  const std::uint64_t dictionary = manifest.text_dictionary ? manifest.text_dictionary->size() : 0;
  return {{"texts", manifest.texts.size() + dictionary}, {"postings", postings}, {"passages", manifest.passages.size()},
          {"articles", manifest.articles.size()},        {"lengths", lengths},   {"terms", manifest.terms.size()}};
}

void add_corpus(IndexReport& report, const IndexManifest& manifest, const std::filesystem::path& path) {
  const JsonDocument document(manifest.corpus.dump(), path);
  const JsonView corpus = document.root();
  if (!corpus.has("articles")) // an index that was made of no files
    return;
  const CorpusCounts counts = parse_corpus_counts(corpus);
  report.documents = counts.articles;
  for (const auto& [reason, dropped] : counts.dropped) {
    report.documents += dropped.documents;
    report.left_out.push_back({reason, dropped.documents, dropped.examples});
  }
  const JsonView files = corpus.at("files");
  for (std::size_t i = 0; i < files.size(); ++i) {
    CorpusFileReport& file = report.files.emplace_back(CorpusFileReport{files.at(i).at("name").string(), 0, {}});
    if (!files.at(i).has("sha256"))
      continue;
    file.bytes = static_cast<std::uint64_t>(files.at(i).at("bytes").integer(0, INT64_MAX));
    file.sha256 = files.at(i).at("sha256").string();
  }
  report.facts.emplace_back("newest article", counts.newest.empty() ? "the corpus does not say" : counts.newest);
  report.facts.emplace_back("bytes that are no UTF-8, now U+FFFD", std::to_string(counts.replaced));
}

/// A record's settings, as they are written.
std::string settings_of(const Json& record) {
  std::string text;
  if (record.contains("name") && record["name"].is_string())
    text = record["name"].get<std::string>();
  if (record.contains("settings") && record["settings"].is_object())
    for (const auto& [name, value] : record["settings"].items())
      text += (text.empty() ? "" : ", ") + name + " " + value.dump();
  return text.empty() ? "not recorded" : text;
}

} // namespace

std::vector<std::pair<std::string, double>> length_histogram(const std::vector<std::uint64_t>& counts) {
  const std::uint64_t all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  std::size_t end = counts.size(); // after the longest, but for the few that are much longer
  for (std::uint64_t beyond = 0; end > 0; --end)
    if (beyond += counts[end - 1]; static_cast<double>(beyond) > kMostInLastBar * static_cast<double>(all))
      break;
  const std::size_t width = bar_width(end, kLengthBars - 1);
  std::vector<std::pair<std::string, double>> bars;
  for (std::size_t first = 0; first < end; first += width)
    bars.emplace_back(std::to_string(first), 0);
  if (bars.empty())
    return bars;
  const std::size_t last = bars.size() * width;
  double beyond = 0;
  for (std::size_t length = 0; length < counts.size(); ++length)
    (length < last ? bars[length / width].second : beyond) += static_cast<double>(counts[length]);
  if (beyond > 0)
    bars.emplace_back("≥" + std::to_string(last), beyond);
  return bars;
}

void write_index_page(const std::filesystem::path& file, const PassageIndex& index,
                      const std::vector<std::pair<std::string, std::string>>& building) {
  const IndexManifest& manifest = index.manifest();
  const IndexCounts& counts = manifest.counts;
  std::uint64_t bytes = 0;
  for (const CheckedFileRecord& record : files_of(manifest))
    bytes += record.size();
  IndexReport report{.title = manifest.title.empty() ? "A passage index" : manifest.title,
                     .subtitle = "A passage index by " + manifest.created_by};
  report.highlights = {{"articles", std::to_string(counts.articles)},
                       {"passages", std::to_string(counts.passages)},
                       {"terms of a passage", format_fixed(manifest.average_length(), 1)},
                       {"size", format_memory(bytes)}};
  report.lengths = length_histogram(lengths_of(index));
  report.parts = parts_of(manifest);
  report.passages = counts.passages;
  report.building = building;
  report.facts = {{"text", format_memory(counts.text_bytes)},    {"different terms", std::to_string(counts.terms)},
                  {"postings", std::to_string(counts.postings)}, {"shards", std::to_string(manifest.shards.size())},
                  {"cutter", settings_of(manifest.cutter)},      {"analyser", settings_of(manifest.analyser)}};
  add_corpus(report, manifest, index.path());
  report.facts.emplace_back("licence", manifest.licence);
  report.facts.emplace_back("attribution", manifest.attribution);
  report.facts.emplace_back("identity", manifest.identity);
  write_file_atomically(file, index_report(report));
}

} // namespace sciexam::inline retrieval
