#include "inference/device_fit.hpp"

#include <algorithm>
#include <numeric>

namespace sciexam::inline inference {
namespace {

constexpr std::int32_t kRowsOfTile = 64;      // limits are multiples
constexpr std::int64_t kCheckedTokens = 1024; // at most, to compare with the CPU

} // namespace

DeviceLimits limits_for(const Package& package, std::span<const EncodedQuestion> encoded, std::size_t devices) {
  std::int64_t all = 0, most = 0, longest = 1;
  for (const EncodedQuestion& question : encoded)
    if (longest_sequence(question) <= protocol::kMost.longest) {
      all += token_count(question);
      most = std::max(most, token_count(question));
      longest = std::max(longest, longest_sequence(question));
    }
  most = std::max(most, all / (static_cast<std::int64_t>(devices) * kPartsPerDevice) + 1);
  for (const ModelRecord& model : package.manifest().models) {
    std::int64_t tokens = 0;
    for (const Probe& sequence : model.probe) {
      tokens += static_cast<std::int64_t>(sequence.ids.size());
      longest = std::max(longest, static_cast<std::int64_t>(sequence.ids.size()));
    }
    most = std::max(most, tokens);
  }
  const auto round = [](std::int64_t value, std::int32_t limit) {
    return static_cast<std::int32_t>(
        std::min<std::int64_t>((value + kRowsOfTile - 1) / kRowsOfTile * kRowsOfTile, limit));
  };
  const DeviceLimits& limits = protocol::kMost;
  return {round(most, limits.tokens), limits.sequences, round(longest, limits.longest)};
}

std::string why_no_check_by(const std::vector<Probe>& probe, const DeviceLimits& limits) {
  if (probe.empty())
    return "the package has no probe of it to check a GPU by. `sciexam-run pack` makes a package that has one";
  std::int64_t tokens = 0, longest = 0;
  for (const Probe& sequence : probe) {
    tokens += static_cast<std::int64_t>(sequence.ids.size());
    longest = std::max(longest, static_cast<std::int64_t>(sequence.ids.size()));
  }
  if (tokens > limits.tokens || longest > limits.longest || probe.size() > static_cast<std::size_t>(limits.sequences))
    return "its probe is larger than what a GPU is given at once";
  return {};
}

std::vector<std::size_t> choose_questions_to_check(std::span<const EncodedQuestion> encoded,
                                                   const DeviceLimits& limits) {
  if (encoded.empty())
    return {};
  std::vector<std::size_t> order(encoded.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return token_count(encoded[a]) < token_count(encoded[b]); });
  std::vector<std::size_t> chosen = {order.front()};
  const std::size_t middle = order[order.size() / 2];
  if (middle != chosen[0] && token_count(encoded[chosen[0]]) + token_count(encoded[middle]) <=
                                 std::min<std::int64_t>(kCheckedTokens, limits.tokens))
    chosen.push_back(middle);
  const bool all_fit =
      std::all_of(chosen.begin(), chosen.end(), [&](std::size_t question) { return fits(encoded[question], limits); });
  return all_fit ? chosen : std::vector<std::size_t>();
}

bool fits(const EncodedQuestion& question, const DeviceLimits& limits) {
  return token_count(question) <= limits.tokens && longest_sequence(question) <= limits.longest;
}

} // namespace sciexam::inline inference
