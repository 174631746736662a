// The files of an index that have its texts, each as it comes, behind checksums that match: whatever they say, passages
// are read or refused, and none is longer than the stream that it is of.
#include "checked_bytes.hpp"
#include "retrieval/index/texts.hpp"
#include "support/errors.hpp"

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

using namespace sciexam;

namespace {

constexpr std::uint32_t kMostPassages = 16;

/// Calls read(); nothing if that refuses what it finds.
template <class Read>
auto unless_damaged(Read read) -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const PackageError&) {
    return std::nullopt;
  }
}

void require(bool holds) {
  if (!holds)
    std::abort();
}

void read_passages(const TextFiles& files) {
  TextReader reader(files);
  for (std::uint32_t number = 0; number < kMostPassages && number < files.passages(); ++number) {
    const auto passage = unless_damaged([&] { return reader.passage(number); });
    if (!passage)
      continue;
    require(passage->article < files.articles() && passage->window <= number);
    require(passage->begin + passage->text.size() <= passage->article_bytes);
    require(passage->id.size() + passage->title.size() + passage->article_bytes <= files.stream_bytes());
    const auto again =
        unless_damaged([&] { return reader.article_text(passage->article, passage->begin, passage->text.size()); });
    require(again && *again == passage->text);
  }
}

/// The part before the next length, which is 2 bytes.
std::string_view take_part(std::string_view& rest) {
  if (rest.size() < 2)
    return {};
  const std::size_t size = static_cast<unsigned char>(rest[0]) + 256 * static_cast<unsigned char>(rest[1]);
  const std::string_view part = rest.substr(2, size);
  rest.remove_prefix(2 + part.size());
  return part;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const test::CheckedBytes articles(kArticlesMarker, take_part(rest)), passages(kPassagesMarker, take_part(rest)),
      texts(kTextsMarker, rest);
  try {
    const TextFiles files(texts.open(kTextsMarker), articles.open(kArticlesMarker), passages.open(kPassagesMarker), {});
    read_passages(files);
  } catch (const PackageError&) {
  }
  return 0;
}
