#include "train/inputs/context_draw.hpp"

#include "support/random.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace sciexam::inline train {
namespace {

constexpr std::uint32_t kContextPlace = 0xF0000002; // apart from the streams of order (batch_order.cpp) and dropout

} // namespace

std::size_t ContextDraw::contexts(std::size_t question) const {
  const auto most = static_cast<std::size_t>(settings_.contexts_per_question);
  return question < set_.further.size() ? std::min(most, 1 + set_.further[question].size()) : 1;
}

std::size_t ContextDraw::context(std::size_t question, std::int64_t epoch) const {
  const std::size_t count = contexts(question);
  if (count == 1)
    return 0;
  const auto round = static_cast<std::uint32_t>(epoch / static_cast<std::int64_t>(count));
  const auto row = static_cast<std::uint32_t>(set_.questions[question].row);
  RandomSequence random({static_cast<std::uint64_t>(settings_.seed), {kContextPlace, round, row}});
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  shuffle(order, random);
  return order[static_cast<std::size_t>(epoch) % count];
}

const EncodedQuestion& ContextDraw::encoded(std::size_t question, std::int64_t epoch) const {
  const std::size_t drawn = context(question, epoch);
  return drawn == 0 ? set_.encoded[question] : set_.further[question][drawn - 1];
}

const OptionLogits* ContextDraw::teacher(std::size_t question, std::int64_t epoch) const {
  return set_.teacher.empty() ? nullptr : &set_.teacher[question].at(context(question, epoch));
}

std::int64_t ContextDraw::tokens(std::size_t question, std::int64_t epoch) const {
  const std::size_t drawn = context(question, epoch);
  return drawn == 0 ? set_.lengths[question] : token_count(set_.further[question][drawn - 1]);
}

} // namespace sciexam::inline train
