#include "retrieval/contexts/found_passage.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <utility>

namespace sciexam::inline retrieval {
namespace {

/// Windows that are so close have only white space between them.
constexpr std::uint64_t kJoinedGap = 2;

/// A stretch of an article, of one window or several.
struct Stretch {
  std::uint64_t article, begin, end;
  FoundPassage found;
};

/// The article's id, and which of its windows this is.
std::string name_of(const PassageText& window) {
  return window.window == 0 ? window.id : window.id + "#" + std::to_string(window.window + 1);
}

/// Joins the window to a stretch that it overlaps or touches. Windows come best first: the stretch keeps its rank.
bool join(std::vector<Stretch>& stretches, const PassageText& window) {
  const std::uint64_t end = window.begin + window.text.size();
  for (Stretch& stretch : stretches)
    if (stretch.article == window.article && window.begin <= stretch.end + kJoinedGap &&
        stretch.begin <= end + kJoinedGap) {
      stretch.begin = std::min(stretch.begin, window.begin);
      stretch.end = std::max(stretch.end, end);
      return true;
    }
  return false;
}

} // namespace

std::vector<FoundPassage> HitReader::next(std::size_t count) {
  std::vector<Stretch> stretches;
  for (; !hits_.empty() && stretches.size() < count; hits_ = hits_.subspan(1)) {
    const Hit& hit = hits_.front();
    try {
      PassageText window = texts_.passage(hit.passage);
      if (!join(stretches, window))
        stretches.push_back(
            {window.article,
             window.begin,
             window.begin + window.text.size(),
             {hit.passage, hit.score, name_of(window), std::move(window.title), std::move(window.text), window.begin}});
    } catch (const PackageError& error) {
      damaged_.emplace_back(error.what());
    }
  }
  std::vector<FoundPassage> found;
  for (Stretch& stretch : stretches) {
    const std::uint64_t bytes = stretch.end - stretch.begin;
    if (bytes != stretch.found.text.size())
      stretch.found.text = texts_.article_text(stretch.article, stretch.begin, bytes);
    stretch.found.begin = stretch.begin;
    found.push_back(std::move(stretch.found));
  }
  return found;
}

std::string context_of(std::span<const FoundPassage> passages) {
  std::string context;
  for (const FoundPassage& passage : passages)
    context += (context.empty() ? "" : "\n") + passage.text;
  return context;
}

} // namespace sciexam::inline retrieval
