#include "kernels/isa.hpp"
#include "retrieval/search/searcher.hpp"
#include "retrieval/zipf_index.hpp"
#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/machine/threads.hpp"
#include "temporary_folder.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;
using Catch::Matchers::ContainsSubstring;

namespace sciexam::test {
extern const SearchKernels kSoftwareAvx512Search;
}

namespace {

std::vector<const SearchKernels*> every_search_table() {
  std::vector<const SearchKernels*> tables = {&per_isa::kAvx2Search, &kSoftwareAvx512Search};
  if (cpu_has(Isa::avx512))
    tables.push_back(&per_isa::kAvx512Search);
  return tables;
}

PassageIndex open_index(const TemporaryFolder& folder) {
  return {PackageFiles::in_folder(folder.path()), no_analyser()};
}

/// Flips the lowest bit of a byte.
void flip(const std::filesystem::path& file, std::uint64_t byte) {
  std::string text = read_text_file(file);
  text.at(byte) = static_cast<char>(text.at(byte) ^ 1);
  write_file_atomically(file, text);
}

/// Rows that say which result differs.
void check_equal(const Hits& found, const Hits& expected) {
  CHECK(found.size() == expected.size());
  for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i)
    if (found[i] != expected[i]) {
      FAIL_CHECK("hit " << i << " is passage " << found[i].passage << " with " << found[i].score << ", not "
                        << expected[i].passage << " with " << expected[i].score);
      return;
    }
}

void check_questions(const PlainIndex& plain, const PassageIndex& index, std::uint64_t seed, int questions) {
  const std::vector<const SearchKernels*> tables = every_search_table();
  constexpr std::array<Bm25, 3> kParameters = {{{1.2, 0.75}, {0.9, 0.4}, {0, 1}}};
  ZipfTerms terms(3000, seed);
  for (int i = 0; i < questions; ++i) {
    const Bm25 parameters = kParameters[i % 4 == 0 ? terms.below(3) : 0];
    const std::vector<Query> queries = random_question(terms, 1 + terms.below(40), terms.below(12));
    const std::size_t k = i % 10 == 0 ? 1 : 20;
    std::vector<Hits> expected;
    for (const Query& query : queries)
      expected.push_back(search_exhaustively(plain, query, k, parameters));
    for (const SearchKernels* kernels : tables) {
      INFO("seed " << seed << ", question " << i << ", " << kernels->name);
      const Searcher searcher(index, parameters, *kernels);
      const SearchResult together = searcher.search(queries, k);
      for (std::size_t query = 0; query < queries.size(); ++query) {
        check_equal(together.hits[query], expected[query]);
        check_equal(searcher.search(std::span(&queries[query], 1), k).hits[0], expected[query]);
      }
    }
  }
}

} // namespace

TEST_CASE("the best passages and their scores are those of an exhaustive search") {
  const std::array<ZipfSettings, 5> settings = {{{.seed = 1, .passages = 3000},
                                                 {.seed = 2, .passages = 5000, .shard_passages = 700},
                                                 {.seed = 3, .passages = 1, .most_length = 5},
                                                 {.seed = 4, .passages = 2000, .most_length = 700},
                                                 {.seed = 5, .passages = 12000, .vocabulary = 300, .most_length = 30}}};
  for (const ZipfSettings& each : settings) {
    const TemporaryFolder folder;
    const PlainIndex plain = write_zipf_index(folder.path(), each);
    check_questions(plain, open_index(folder), 100 + each.seed, each.passages > 10000 ? 6 : 12);
  }
}

TEST_CASE("ten thousand random queries have the results of an exhaustive search", "[long]") {
  for (std::uint64_t seed = 1; seed <= 17; ++seed) {
    const TemporaryFolder folder;
    const PlainIndex plain =
        write_zipf_index(folder.path(), {.seed = seed,
                                         .passages = static_cast<std::uint32_t>(200 + 300 * seed),
                                         .shard_passages = seed % 2 == 0 ? 1U << 22 : 999,
                                         .vocabulary = static_cast<std::uint32_t>(seed % 3 == 0 ? 200 : 3000)});
    check_questions(plain, open_index(folder), seed, 90); // 7 queries each, together and alone
  }
}

TEST_CASE("a query without known terms, an empty one and k of 0 find nothing; a large k finds all that match") {
  const TemporaryFolder folder;
  const PlainIndex plain = write_zipf_index(folder.path(), {.passages = 300});
  const PassageIndex index = open_index(folder);
  const Searcher searcher(index);
  const std::vector<Query> queries = {{}, {{"unknown"}, {"", 3}}, {{"t0"}, {"t5", 0}}};
  const SearchResult result = searcher.search(queries, 1'000'000);
  CHECK(result.hits[0].empty());
  CHECK(result.hits[1].empty());
  CHECK(result.hits[2].size() == plain.document_frequencies.at("t0"));
  check_equal(result.hits[2], search_exhaustively(plain, {{"t0"}}, 1'000'000));
  for (const Hits& hits : searcher.search(queries, 0).hits)
    CHECK(hits.empty());
  CHECK(searcher.search({}, 5).hits.empty());
}

TEST_CASE("an index without passages answers, with nothing") {
  const TemporaryFolder folder;
  SmallIndex().write(folder.path(), {.analyser = no_analyser()});
  const PassageIndex index = open_index(folder);
  const Query query = {{"word"}};
  CHECK(Searcher(index).search(std::span(&query, 1), 5).hits == std::vector<Hits>(1));
}

TEST_CASE("more queries than a pass takes, and heavy ones, have the results that they have alone") {
  const TemporaryFolder folder;
  const PlainIndex plain = write_zipf_index(folder.path(), {.passages = 2000});
  const PassageIndex index = open_index(folder);
  ZipfTerms terms(3000, 9);
  std::vector<Query> queries;
  for (int i = 0; i < 19; ++i)
    queries.push_back(random_query(terms, 10));
  queries[3].push_back({"t1500", 1U << 20}); // its scores do not fit into units of 2^-16
  const Searcher searcher(index);
  const SearchResult result = searcher.search(queries, 10);
  for (std::size_t i = 0; i < queries.size(); ++i) {
    INFO("query " << i);
    CHECK(result.hits[i] == searcher.search(std::span(&queries[i], 1), 10).hits[0]);
    if (i != 3)
      check_equal(result.hits[i], search_exhaustively(plain, queries[i], 10));
  }
  CHECK(result.hits[3].at(0).score > 1e5);
  const Query absurd = {{"t1", UINT32_MAX}};
  CHECK_THROWS_AS(searcher.search(std::span(&absurd, 1), 1), UsageError);
}

TEST_CASE("many threads search one index and find what one finds") {
  const TemporaryFolder folder;
  write_zipf_index(folder.path(), {.passages = 4000, .shard_passages = 1500});
  ZipfTerms terms(3000, 9);
  std::vector<std::vector<Query>> questions;
  for (int i = 0; i < 40; ++i)
    questions.push_back(random_question(terms, 20, 5));
  const PassageIndex alone = open_index(folder), shared = open_index(folder);
  std::vector<std::vector<Hits>> expected, found(questions.size());
  for (const std::vector<Query>& queries : questions)
    expected.push_back(Searcher(alone).search(queries, 10).hits);
  const Searcher searcher(shared);
  parallel_for(questions.size(), 4, [&](std::size_t i) { found[i] = searcher.search(questions[i], 10).hits; });
  CHECK(found == expected);
}

TEST_CASE("what the terms add to a passage's score sums up to it") {
  const TemporaryFolder folder;
  write_zipf_index(folder.path(), {.passages = 3000, .shard_passages = 1000});
  const PassageIndex index = open_index(folder);
  const Searcher searcher(index);
  ZipfTerms terms(3000, 4);
  const Query query = random_query(terms, 30);
  const SearchResult result = searcher.search(std::span(&query, 1), 20);
  REQUIRE(result.hits[0].size() == 20);
  for (const Hit& hit : result.hits[0]) {
    double sum = 0;
    for (const TermShare& share : searcher.explain(query, hit.passage)) {
      sum += share.score;
      CHECK((share.frequency > 0) == (share.score > 0));
    }
    CHECK(sum == hit.score);
  }
  CHECK_THROWS_AS(searcher.explain(query, 3000), UsageError);
}

TEST_CASE("a damaged shard is left out and named, and the others answer as before") {
  for (const char* kind : {"postings", "lengths"}) {
    const TemporaryFolder folder;
    const PlainIndex plain = write_zipf_index(folder.path(), {.passages = 3000, .shard_passages = 1000});
    const std::string name = shard_file_name(1, kind);
    flip(folder / name, 1000); // within the first chunk
    const PassageIndex index = open_index(folder);
    CHECK(index.left_out().empty()); // it is not touched yet
    const Query query = {{"t0"}, {"t1"}, {"t7"}, {"t70"}};
    const std::vector<Query> queries(3, query);
    const SearchResult result = Searcher(index).search(queries, 50);
    REQUIRE(result.left_out.size() == 1);
    CHECK(result.left_out[0].shard == 1);
    CHECK(result.left_out[0].first_passage == 1000);
    CHECK(result.left_out[0].passages == 1000);
    CHECK_THAT(result.left_out[0].reason, ContainsSubstring(name) && ContainsSubstring("chunk 0"));
    Hits expected = search_exhaustively(plain, query, 3000);
    std::erase_if(expected, [](const Hit& hit) { return hit.passage / 1000 == 1; });
    expected.resize(50);
    for (const Hits& hits : result.hits)
      check_equal(hits, expected);
    CHECK_THROWS_AS(Searcher(index).explain(query, 1500), PackageError);
  }
}

TEST_CASE("a shard whose damage shows when some of its passages are hits already leaves none of them behind") {
  const TemporaryFolder folder;
  const PlainIndex plain = write_zipf_index(
      folder.path(), {.passages = 17000, .shard_passages = 14000, .vocabulary = 300, .most_length = 30});
  std::string split; // the longest list whose blocks are in two chunks, the summaries being in the first
  ListPlace place;
  open_index(folder).terms().for_each([&](std::string_view term, const TermRecord& record) {
    const ListPlace& list = record.lists[0];
    if (list.passages > place.passages && list.offset / kChunkBytes != (list.offset + list.bytes - 1) / kChunkBytes) {
      split = term;
      place = list;
    }
  });
  REQUIRE(place.passages > 500);
  flip(folder / shard_file_name(0, "postings"), place.offset + place.bytes - 1);
  const std::vector<Query> queries = {{{"t299"}}, {{split}}};
  for (const std::size_t count : {1, 2}) {
    const PassageIndex index = open_index(folder);
    const SearchResult result = Searcher(index).search(std::span(queries).last(count), 10);
    REQUIRE(result.left_out.size() == 1);
    Hits expected = search_exhaustively(plain, queries[1], 17000);
    std::erase_if(expected, [](const Hit& hit) { return hit.passage < 14000; });
    expected.resize(10);
    check_equal(result.hits.back(), expected);
  }
}

TEST_CASE("k1 and b outside of their range are refused") {
  const TemporaryFolder folder;
  SmallIndex().write(folder.path(), {.analyser = no_analyser()});
  const PassageIndex index = open_index(folder);
  CHECK_THROWS_AS(Searcher(index, {-0.1, 0.5}), UsageError);
  CHECK_THROWS_AS(Searcher(index, {1.2, 1.01}), UsageError);
  CHECK_THROWS_AS(Searcher(index, {std::nan(""), 0.5}), UsageError);
}
