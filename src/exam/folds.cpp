#include "exam/folds.hpp"

#include "support/errors.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

namespace sciexam::inline exam {
namespace {

using Members = std::vector<std::vector<std::size_t>>;

/// The groups' members, in the order of the groups' first appearance in `order`.
Members members_of(std::span<const std::size_t> groups, std::span<const std::size_t> order) {
  Members members;
  std::map<std::size_t, std::size_t> place_of;
  for (const std::size_t i : order) {
    const auto [entry, is_new] = place_of.emplace(groups[i], members.size());
    if (is_new)
      members.emplace_back();
    members[entry->second].push_back(i);
  }
  return members;
}

Members in_dealing_order(std::span<const std::size_t> groups, Dealing dealing, RandomSequence& random) {
  std::vector<std::size_t> order(groups.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (dealing == Dealing::in_turn) {
    shuffle(order, random);
    return members_of(groups, order);
  }
  Members members = members_of(groups, order);
  std::sort(members.begin(), members.end(),
            [&](const auto& a, const auto& b) { return groups[a.front()] < groups[b.front()]; });
  shuffle(members, random);
  std::stable_sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return members;
}

/// How many questions each fold has, in all and of each stratum.
class Sizes {
public:
  explicit Sizes(int folds) : totals_(static_cast<std::size_t>(folds)) {}

  std::size_t smallest(std::size_t stratum) {
    const std::vector<std::size_t>& sizes = of(stratum);
    std::size_t best = 0;
    for (std::size_t fold = 1; fold < totals_.size(); ++fold)
      if (std::tie(sizes[fold], totals_[fold]) < std::tie(sizes[best], totals_[best]))
        best = fold;
    return best;
  }

  void add(std::size_t stratum, std::size_t fold) {
    ++of(stratum)[fold];
    ++totals_[fold];
  }

private:
  std::vector<std::size_t>& of(std::size_t stratum) {
    std::vector<std::size_t>& sizes = strata_[stratum];
    sizes.resize(totals_.size());
    return sizes;
  }

  std::vector<std::size_t> totals_;
  std::map<std::size_t, std::vector<std::size_t>> strata_;
};

} // namespace

std::vector<std::size_t> duplicate_groups(std::span<const Question> questions, double threshold) {
  std::vector<std::size_t> group(questions.size());
  std::iota(group.begin(), group.end(), std::size_t{0});
  const auto root_of = [&](std::size_t i) {
    while (group[i] != i)
      i = group[i] = group[group[i]];
    return i;
  };
  for (const NearDuplicate& pair : near_duplicates_within(questions, threshold)) {
    const std::size_t first = root_of(pair.first), second = root_of(pair.second);
    group[std::max(first, second)] = std::min(first, second);
  }
  for (std::size_t i = 0; i < group.size(); ++i)
    group[i] = root_of(i);
  return group;
}

std::vector<int> deal_folds(std::span<const std::size_t> groups, std::span<const std::size_t> strata, int folds,
                            Dealing dealing, const RandomStream& stream) {
  if (folds < 1 || (dealing == Dealing::evenly && strata.size() != groups.size()))
    throw InternalError("folds cannot be dealt: " + std::to_string(folds) + " folds, " + std::to_string(groups.size()) +
                        " questions, " + std::to_string(strata.size()) + " strata");
  RandomSequence random(stream);
  const Members members = in_dealing_order(groups, dealing, random);
  std::vector<int> fold(groups.size());
  Sizes sizes(folds);
  for (std::size_t number = 0; number < members.size(); ++number) {
    const bool evenly = dealing == Dealing::evenly;
    const std::size_t chosen =
        evenly ? sizes.smallest(strata[members[number].front()]) : number % static_cast<std::size_t>(folds);
    for (const std::size_t i : members[number]) {
      fold[i] = static_cast<int>(chosen);
      if (evenly)
        sizes.add(strata[i], chosen);
    }
  }
  return fold;
}

} // namespace sciexam::inline exam
