// How fast searches are on generated passages: Zipf-like terms, lengths of real windows, articles that repeat their
// words. Not a test; to profile by.
//
//     search_bench make FOLDER PASSAGES          writes an index
//     search_bench run FOLDER [QUESTIONS [k]]    queries of 30 to 60 terms alone, and questions' six together
//     search_bench texts FOLDER QUERIES [k [ROUNDS]]   a text file's lines, in an index of sciexam-run index
//
// SCIEXAM_ISA=avx2 or avx512 chooses the kernels.
#include "retrieval/index/dictionary_writer.hpp"
#include "retrieval/index/postings_writer.hpp"
#include "retrieval/index/text_writer.hpp"
#include "retrieval/search/searcher.hpp"
#include "retrieval/text/analyser.hpp"
#include "support/files/files.hpp"
#include "support/random.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

using namespace sciexam;

namespace {

constexpr std::uint32_t kVocabulary = 1'000'000;

std::string term_name(std::uint32_t rank) {
  char name[16];
  std::snprintf(name, sizeof name, "t%07u", rank); // in the order of ranks
  return name;
}

class Language {
public:
  explicit Language(std::uint64_t seed) : random_({seed, {}}) {}
  std::uint32_t below(std::uint32_t bound) { return random_.below(bound); }
  /// Zipf and Mandelbrot: (rank + 60)^-1.25. The most frequent has 0.45 %, the terms behind the ten thousandth have a
  /// fifth of a text, about as in English without the words that an analyser stops.
  std::uint32_t term() {
    constexpr double kOffset = 60, kExponent = 0.25; // of what is left behind a rank
    const double uniform = (random_.next() + 0.5) / 4294967296.0;
    const double first = std::pow(kOffset, -kExponent), last = std::pow(kVocabulary + kOffset, -kExponent);
    return static_cast<std::uint32_t>(std::pow(first - uniform * (first - last), -1 / kExponent) - kOffset);
  }
  /// A passage's terms: a third of them from its article's own words.
  std::vector<std::uint32_t> passage(const std::vector<std::uint32_t>& topic) {
    std::vector<std::uint32_t> terms(50 + below(60));
    for (std::uint32_t& term_of : terms)
      term_of = below(3) == 0 ? topic[below(static_cast<std::uint32_t>(topic.size()))] : term();
    return terms;
  }
  std::vector<std::uint32_t> topic() {
    std::vector<std::uint32_t> terms(40);
    for (std::uint32_t& each : terms)
      each = term();
    return terms;
  }

private:
  RandomSequence random_;
};

void make_index(const std::filesystem::path& folder, std::uint32_t passages) {
  std::filesystem::create_directories(folder);
  Language language(1);
  std::vector<std::vector<Posting>> lists(kVocabulary);
  std::vector<std::uint16_t> lengths;
  TextWriter texts(folder, {.level = 1});
  std::vector<std::uint32_t> topic;
  for (std::uint32_t passage = 0; passage < passages; ++passage) {
    if (passage % 6 == 0) {
      topic = language.topic();
      texts.add_article(std::to_string(passage), "Title", "text");
    }
    texts.add_passage(0, 4);
    std::vector<std::uint32_t> terms = language.passage(topic);
    lengths.push_back(static_cast<std::uint16_t>(terms.size()));
    std::sort(terms.begin(), terms.end());
    for (std::size_t i = 0, j = 0; i < terms.size(); i = j) {
      while (j < terms.size() && terms[j] == terms[i])
        ++j;
      lists[terms[i]].push_back({passage, static_cast<std::uint32_t>(j - i)});
    }
  }
  IndexManifest manifest = {.title = "generated", .analyser = {{"name", "generated"}}};
  LengthsWriter lengths_file(folder / "shard_00.lengths");
  for (const std::uint16_t length : lengths) {
    lengths_file.add(length);
    manifest.counts.total_length += length;
  }
  PostingsWriter postings(folder / "shard_00.postings", lengths);
  DictionaryWriter dictionary(folder / "terms.bin", 1);
  for (std::uint32_t term = 0; term < kVocabulary; ++term) {
    for (const Posting& posting : lists[term])
      postings.add(posting.passage, posting.frequency);
    const ListPlace place = postings.end_list();
    if (place.passages > 0)
      dictionary.add(term_name(term), std::span(&place, 1));
  }
  const TextWriter::Records records = texts.finish();
  manifest.counts = {
      texts.articles(),    passages, dictionary.terms(), postings.postings(), manifest.counts.total_length,
      texts.stream_bytes()};
  manifest.terms = dictionary.finish();
  manifest.texts = records.texts;
  manifest.articles = records.articles;
  manifest.passages = records.passages;
  manifest.shards = {{0, passages, postings.postings(), postings.finish(), lengths_file.finish()}};
  texts.commit();
  lengths_file.commit();
  postings.commit();
  dictionary.commit();
  write_file_atomically(folder / kIndexManifestName, write_index_manifest(manifest));
  std::printf("%u passages, %.1f postings each, %.1f bytes of postings each (%.2f bits a posting)\n", passages,
              static_cast<double>(manifest.counts.postings) / passages,
              static_cast<double>(manifest.shards[0].postings_file.content) / passages,
              8.0 * static_cast<double>(manifest.shards[0].postings_file.content) /
                  static_cast<double>(manifest.counts.postings));
}

/// A prompt of 20 to 30 terms of some topic, five options of 4 to 8: as exams have them.
std::vector<Query> question(Language& language) {
  const std::vector<std::uint32_t> topic = language.topic();
  const auto words = [&](std::uint32_t count) {
    Query query;
    for (std::uint32_t i = 0; i < count; ++i)
      query.push_back({term_name(language.below(2) == 0 ? topic[language.below(40)] : language.term())});
    return query;
  };
  std::vector<Query> queries(2, words(20 + language.below(11)));
  for (int i = 0; i < 5; ++i) {
    const Query option = words(4 + language.below(5));
    queries.push_back(queries[0]);
    queries.back().insert(queries.back().end(), option.begin(), option.end());
    queries[1].insert(queries[1].end(), option.begin(), option.end());
  }
  return queries;
}

template <class Run>
void measure(const char* what, int count, const Run& run) {
  run(0);
  const auto begin = std::chrono::steady_clock::now();
  double sum = 0;
  for (int i = 0; i < count; ++i)
    sum += run(i);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  std::printf("%-44s %9.3f ms each, %8.1f a second  (checksum %.6f)\n", what, 1e3 * seconds.count() / count,
              count / seconds.count(), sum);
}

double run_queries(const Searcher& searcher, std::span<const Query> queries, std::size_t k) {
  double sum = 0;
  for (const Hits& hits : searcher.search(queries, k).hits)
    for (const Hit& hit : hits)
      sum += hit.score;
  return sum;
}

void run_index(const std::filesystem::path& folder, int count, std::size_t k) {
  const PassageIndex index(PackageFiles::in_folder(folder), Json{{"name", "generated"}});
  const Searcher searcher(index);
  Language language(2);
  std::vector<std::vector<Query>> questions;
  for (int i = 0; i < count; ++i)
    questions.push_back(question(language));
  std::printf("%s, k = %zu\n", search_kernels().name, k);
  measure("one query, 20 to 30 terms (prompt)", count,
          [&](int i) { return run_queries(searcher, std::span(&questions[i][0], 1), k); });
  measure("one query, 40 to 70 terms (all options)", count,
          [&](int i) { return run_queries(searcher, std::span(&questions[i][1], 1), k); });
  measure("a question's seven queries together", count, [&](int i) { return run_queries(searcher, questions[i], k); });
  measure("a question's seven queries one by one", count, [&](int i) {
    double sum = 0;
    for (const Query& query : questions[i])
      sum += run_queries(searcher, std::span(&query, 1), k);
    return sum;
  });
}

/// Elapsed and CPU time, which other work on the machine changes less: of all rounds after one to warm up, and of the
/// best.
void run_texts(const std::filesystem::path& folder, const std::filesystem::path& file, std::size_t k, int rounds) {
  Analyser analyser;
  const PassageIndex index(PackageFiles::in_folder(folder), analyser.record());
  const Searcher searcher(index);
  std::vector<Query> queries;
  const std::string text = read_text_file(file);
  for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    Query& query = queries.emplace_back();
    for (const std::string& term : analyser.terms(text.substr(begin, end - begin)))
      query.push_back({term});
  }
  const auto run = [&] {
    double sum = 0;
    for (const Query& query : queries)
      sum += run_queries(searcher, std::span(&query, 1), k);
    return sum;
  };
  const double sum = run();
  const auto begin = std::chrono::steady_clock::now();
  double best = INFINITY, all = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::clock_t round_begin = std::clock();
    run();
    const double seconds = static_cast<double>(std::clock() - round_begin) / CLOCKS_PER_SEC;
    best = std::min(best, seconds);
    all += seconds;
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  const double milliseconds = 1e3 / static_cast<double>(queries.size()), of_round = milliseconds / rounds;
  std::printf(
      "%s, k = %zu: %zu queries, %.3f ms elapsed, %.3f ms of CPU time each; the best round's %.3f  (checksum %.6f)\n",
      search_kernels().name, k, queries.size(), elapsed.count() * of_round, all * of_round, best * milliseconds, sum);
}

} // namespace

int main(int count, char** arguments) {
  const std::string verb = count > 2 ? arguments[1] : "";
  if (verb == "make" && count == 4)
    make_index(arguments[2], static_cast<std::uint32_t>(std::atoi(arguments[3])));
  else if (verb == "run")
    run_index(arguments[2], count > 3 ? std::atoi(arguments[3]) : 200,
              static_cast<std::size_t>(count > 4 ? std::atoi(arguments[4]) : 20));
  else if (verb == "texts" && count > 3)
    run_texts(arguments[2], arguments[3], static_cast<std::size_t>(count > 4 ? std::atoi(arguments[4]) : 20),
              count > 5 ? std::atoi(arguments[5]) : 7);
  else
    return std::fprintf(stderr,
                        "search_bench make FOLDER PASSAGES | run FOLDER [QUESTIONS [k]] | texts FOLDER QUERIES [k "
                        "[ROUNDS]]\n"),
           2;
  return 0;
}
