#include "train/inputs/batch_order.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sciexam::inline train {
namespace {

constexpr std::uint32_t kOrderPlace = 0xF0000001; // apart from the streams of dropout, whose places are small

} // namespace

std::int64_t steps_per_epoch(std::size_t questions, std::size_t batch_size) {
  return static_cast<std::int64_t>((questions + batch_size - 1) / batch_size);
}

RandomStream permutation_stream(std::uint64_t seed, std::uint32_t stream) {
  return {seed, {kOrderPlace, stream, 0}};
}

std::vector<std::size_t> permutation(std::size_t count, std::uint64_t seed, std::uint32_t stream) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  RandomSequence random(permutation_stream(seed, stream));
  shuffle(order, random);
  return order;
}

std::vector<std::vector<std::size_t>> epoch_batches(std::span<const std::int64_t> lengths, std::int64_t epoch,
                                                    const OrderOptions& options) {
  const auto stream = static_cast<std::uint32_t>(epoch);
  std::vector<std::size_t> order = permutation(lengths.size(), options.seed, stream);
  if (options.group_by_length) {
    const std::size_t run = kLengthGroupBatches * options.batch_size;
    for (std::size_t first = 0; first < order.size(); first += run) {
      const auto begin = order.begin() + static_cast<std::ptrdiff_t>(first);
      const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(first + run, order.size()));
      std::stable_sort(begin, end, [&](std::size_t a, std::size_t b) { return lengths[a] > lengths[b]; });
    }
  }
  std::vector<std::vector<std::size_t>> batches;
  for (std::size_t first = 0; first < order.size(); first += options.batch_size)
    batches.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(first),
                         order.begin() +
                             static_cast<std::ptrdiff_t>(std::min(first + options.batch_size, order.size())));
  if (options.group_by_length) {
    RandomSequence random({options.seed, {kOrderPlace, stream, 1}});
    shuffle(batches, random);
  }
  return batches;
}

std::int64_t total_steps(const TrainingSettings& settings, std::size_t questions) {
  if (settings.max_steps > 0)
    return settings.max_steps;
  const auto per_epoch = steps_per_epoch(questions, static_cast<std::size_t>(settings.batch_size));
  return std::max<std::int64_t>(
      1, static_cast<std::int64_t>(std::ceil(settings.num_train_epochs * static_cast<double>(per_epoch))));
}

BatchOrder::BatchOrder(const TrainingSet& set, const TrainingSettings& settings)
    : draw_(set, settings), settings_(settings),
      per_epoch_(sciexam::steps_per_epoch(set.size(), static_cast<std::size_t>(settings.batch_size))),
      total_(sciexam::total_steps(settings, set.size())), lengths_(set.size()) {}

void BatchOrder::enter(std::int64_t epoch) {
  if (epoch == epoch_)
    return;
  for (std::size_t question = 0; question < lengths_.size(); ++question)
    lengths_[question] = draw_.tokens(question, epoch);
  batches_ = epoch_batches(lengths_, epoch,
                           {static_cast<std::uint64_t>(settings_.seed), static_cast<std::size_t>(settings_.batch_size),
                            settings_.group_by_length});
  epoch_ = epoch;
}

const std::vector<std::size_t>& BatchOrder::batch_of(std::int64_t step) {
  enter(step / per_epoch_);
  return batches_[static_cast<std::size_t>(step % per_epoch_)];
}

const std::vector<std::int64_t>& BatchOrder::lengths_at(std::int64_t step) {
  enter(step / per_epoch_);
  return lengths_;
}

std::uint64_t BatchOrder::tokens_of_steps(std::int64_t first, std::int64_t last) {
  std::int64_t tokens = 0;
  for (std::int64_t step = first; step < last; ++step)
    for (const std::size_t index : batch_of(step))
      tokens += lengths_[index];
  return static_cast<std::uint64_t>(tokens);
}

} // namespace sciexam::inline train
