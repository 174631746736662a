#include "retrieval/index/postings_writer.hpp"
#include "retrieval/index/small_pieces.hpp"
#include "support/errors.hpp"
#include "support/random.hpp"
#include "temporary_folder.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace sciexam;
using namespace sciexam::test;

namespace {

constexpr std::uint32_t kPassages = 1U << 20;

/// Ascending passages with gaps of up to about `gap`, now and then a far larger one.
std::vector<Posting> random_postings(RandomSequence& random, std::size_t count, std::uint32_t gap) {
  std::vector<Posting> postings;
  std::uint32_t passage = random.below(gap + 1);
  while (postings.size() < count && passage < kPassages) {
    postings.push_back({passage, random.below(9) == 0 ? 1 + random.below(kMostFrequency) : 1 + random.below(3)});
    passage += 1 + random.below(gap + 1) + (random.below(50) == 0 ? 20 * gap : 0);
  }
  return postings;
}

} // namespace

TEST_CASE("numbers of any width are packed and found alone") {
  RandomSequence random({3, {}});
  for (int bits = 0; bits <= kMostBits; ++bits) {
    std::array<std::uint32_t, kBlockPostings> numbers{};
    for (std::uint32_t& number : numbers)
      number = static_cast<std::uint32_t>(random.next() & ((std::uint64_t{1} << bits) - 1));
    std::string packed;
    pack_bits(numbers, bits, packed);
    REQUIRE(packed.size() == packed_bytes(bits));
    packed.append(8, '\xFF');
    for (std::size_t i = 0; i < numbers.size(); ++i)
      REQUIRE(unpack_one(bytes_of(packed).data(), bits, i) == numbers[i]);
  }
}

TEST_CASE("lists of every length come back from the file, each block with its summary") {
  const TemporaryFolder folder;
  RandomSequence random({5, {}});
  std::vector<std::uint16_t> lengths(kPassages);
  for (std::uint16_t& length : lengths)
    length = static_cast<std::uint16_t>(random.below(400));
  PostingsWriter writer(folder / "p", lengths);
  std::vector<std::vector<Posting>> lists;
  std::vector<ListPlace> places;
  for (const std::size_t count : {1, 2, 127, 128, 129, 255, 256, 257, 1000, 5000})
    for (const std::uint32_t gap : {0U, 1U, 30U, 900U}) {
      lists.push_back(random_postings(random, count, gap));
      for (const Posting& posting : lists.back())
        writer.add(posting.passage, posting.frequency);
      places.push_back(writer.end_list());
    }
  CHECK(writer.end_list().passages == 0);
  const CheckedFileRecord record = writer.finish();
  writer.commit();
  const CheckedFile file(IndexFile(folder / "p"), record, kPostingsMarker);
  for (std::size_t i = 0; i < lists.size(); ++i) {
    INFO("list " << i);
    CHECK(read_list(file, places[i], kPassages) == lists[i]);
    const PostingsList list(file, places[i], kPassages);
    for (std::size_t block = 0; !list.is_short() && block < list.blocks(); ++block) {
      std::uint32_t most = 0, least = UINT32_MAX, last = 0;
      for (std::size_t j = 0; j < list.postings_in(block); ++j) {
        const Posting& posting = lists[i][block * kBlockPostings + j];
        most = std::max(most, posting.frequency);
        least = std::min<std::uint32_t>(least, lengths[posting.passage]);
        last = posting.passage;
      }
      CHECK(list.summary(block).last_passage == last);
      CHECK(list.summary(block).most_frequency == std::min(most, 255U));
      CHECK(list.summary(block).least_length == std::min(least, 255U));
    }
  }
}

TEST_CASE("postings out of order are a bug that is reported") {
  const TemporaryFolder folder;
  const std::vector<std::uint16_t> lengths(10);
  PostingsWriter writer(folder / "p", lengths);
  writer.add(4, 1);
  CHECK_THROWS_AS(writer.add(4, 1), InternalError);
  CHECK_THROWS_AS(writer.add(3, 1), InternalError);
  CHECK_THROWS_AS(writer.add(10, 1), InternalError);
  CHECK_THROWS_AS(writer.add(5, 0), InternalError);
}

TEST_CASE("no bytes of a block are read as postings out of order") {
  RandomSequence random({8, {}});
  std::string good;
  std::vector<Posting> postings = random_postings(random, kBlockPostings, 300);
  append_block(good, UINT32_MAX, std::span<const Posting>(postings).first<kBlockPostings>());
  for (int i = 0; i < 20000; ++i) {
    std::string block = good;
    for (std::uint32_t flips = 1 + random.below(4); flips > 0; --flips)
      block[random.below(random.below(2) == 0 ? 4 : static_cast<std::uint32_t>(block.size()))] =
          static_cast<char>(random.next());
    std::array<Posting, kBlockPostings> back;
    if (!read_block(bytes_of(block), UINT32_MAX, postings.back().passage, back))
      continue;
    for (std::size_t j = 1; j < back.size(); ++j)
      REQUIRE(back[j].passage > back[j - 1].passage);
    REQUIRE(back.back().passage == postings.back().passage);
  }
}

TEST_CASE("a place that lies outside of the file, or of more passages than there are, is refused") {
  const TemporaryFolder folder;
  const std::vector<std::uint16_t> lengths(300);
  PostingsWriter writer(folder / "p", lengths);
  for (std::uint32_t passage = 0; passage < 300; ++passage)
    writer.add(passage, 1);
  const ListPlace place = writer.end_list();
  const CheckedFileRecord record = writer.finish();
  writer.commit();
  const CheckedFile file(IndexFile(folder / "p"), record, kPostingsMarker);
  CHECK(read_list(file, place, 300).size() == 300);
  for (const ListPlace& wrong :
       {ListPlace{place.offset + 1, place.bytes, 300}, ListPlace{place.offset, place.bytes + 33, 300},
        ListPlace{0, place.bytes, 300}, ListPlace{UINT64_MAX, 9, 3}, ListPlace{place.offset, UINT64_MAX, 300},
        ListPlace{place.offset, place.bytes, 301}, ListPlace{place.offset, place.bytes, 0},
        ListPlace{place.offset, 5, 300}, ListPlace{place.offset, place.bytes, 127}})
    CHECK_THROWS_AS(read_list(file, wrong, 300), PackageError);
}
