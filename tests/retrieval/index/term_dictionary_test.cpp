#include "retrieval/index/dictionary_writer.hpp"
#include "retrieval/index/small_pieces.hpp"
#include "support/errors.hpp"
#include "support/random.hpp"
#include "temporary_folder.hpp"

#include <map>

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

constexpr std::size_t kShards = 3;
using Lists = std::vector<ListPlace>;

/// Terms of few letters, so that many begin alike, with any bytes; a third have the same eight first, and so one fence.
std::map<std::string, Lists> random_terms(std::size_t count) {
  RandomSequence random({7, {}});
  std::map<std::string, Lists> terms;
  while (terms.size() < count) {
    std::string term = random.below(3) == 0 ? "abbabbab" : "";
    for (std::uint32_t length = 1 + random.below(12); length > 0; --length)
      term += std::string_view("ab\xFFz\x01")[random.below(5)];
    terms[term];
  }
  std::array<std::uint64_t, kShards> next;
  next.fill(kMarkerBytes);
  for (auto& [term, lists] : terms) {
    lists.resize(kShards);
    const std::uint32_t present = 1 + random.below(7);
    for (std::size_t shard = 0; shard < kShards; ++shard)
      if ((present >> shard & 1) != 0) {
        lists[shard] = {next[shard], 1 + random.below(100000), 1 + random.below(1000)};
        next[shard] += lists[shard].bytes;
      }
  }
  return terms;
}

CheckedFileRecord write_terms(const std::filesystem::path& file, const std::map<std::string, Lists>& terms) {
  DictionaryWriter writer(file, kShards);
  for (auto& [term, lists] : terms)
    writer.add(term, lists);
  CheckedFileRecord record = writer.finish();
  writer.commit();
  return record;
}

/// Where a list of no passages is does not matter.
bool same_lists(const Lists& a, const Lists& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const ListPlace& x, const ListPlace& y) {
    return x == y || (x.passages == 0 && y.passages == 0);
  });
}

} // namespace

TEST_CASE("every term of a dictionary is found, and none other") {
  for (const std::size_t count : {0, 1, 16, 17, 5000}) {
    const TemporaryFolder folder;
    std::map<std::string, Lists> terms = random_terms(count);
    const CheckedFileRecord record = write_terms(folder / "t", terms);
    const TermDictionary dictionary(CheckedFile(IndexFile(folder / "t"), record, kTermsMarker), kShards);
    CHECK(dictionary.terms() == count);
    for (const auto& [term, lists] : terms) {
      const std::optional<TermRecord> found = dictionary.find(term);
      REQUIRE(found);
      REQUIRE(same_lists(found->lists, lists));
      std::uint64_t frequency = 0;
      for (const ListPlace& list : lists)
        frequency += list.passages;
      CHECK(found->document_frequency == frequency);
      for (const std::string& other : {term + "a", term.substr(0, term.size() - 1), term + '\0'})
        CHECK(dictionary.find(other).has_value() == terms.contains(other));
    }
    CHECK(!dictionary.find("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"));
    auto next = terms.begin();
    dictionary.for_each([&](std::string_view term, const TermRecord& each) {
      REQUIRE(next != terms.end());
      CHECK(term == next->first);
      CHECK(same_lists(each.lists, next->second));
      ++next;
    });
    CHECK(next == terms.end());
  }
}

TEST_CASE("a flipped bit of the dictionary is found") {
  const TemporaryFolder folder;
  const std::map<std::string, Lists> terms = random_terms(2000);
  const CheckedFileRecord record = write_terms(folder / "t", terms);
  for (std::uint64_t byte = 0; byte < record.size(); byte += 499) {
    flip_bit_of(folder / "t", byte);
    CHECK_THROWS_AS(TermDictionary(CheckedFile(IndexFile(folder / "t"), record, kTermsMarker), kShards)
                        .for_each([](std::string_view, const TermRecord&) {}),
                    PackageError);
    flip_bit_of(folder / "t", byte);
  }
}

TEST_CASE("terms out of order, and lists that leave a gap, are a bug that is reported") {
  const TemporaryFolder folder;
  DictionaryWriter writer(folder / "t", 1);
  writer.add("b", Lists{{kMarkerBytes, 10, 1}});
  CHECK_THROWS_AS(writer.add("b", Lists{{kMarkerBytes + 10, 10, 1}}), InternalError);
  CHECK_THROWS_AS(writer.add("a", Lists{{kMarkerBytes + 10, 10, 1}}), InternalError);
  CHECK_THROWS_AS(writer.add("c", Lists{{kMarkerBytes + 11, 10, 1}}), InternalError);
}
