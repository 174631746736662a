#include "train/inputs/training_set.hpp"

#include <numeric>

namespace sciexam::inline train {

void TrainingSet::add(const TrainingSet& other, std::size_t index) {
  questions.push_back(other.questions[index]);
  places.push_back(other.places[index]);
  encoded.push_back(other.encoded[index]);
  lengths.push_back(other.lengths[index]);
  if (index < other.further.size() && !other.further[index].empty()) {
    further.resize(size());
    further.back() = other.further[index];
  } else if (!further.empty()) {
    further.emplace_back();
  }
  if (!other.teacher.empty())
    teacher.push_back(other.teacher[index]);
}

TrainingSet TrainingSet::subset(std::span<const std::size_t> indices) const {
  TrainingSet part;
  for (const std::size_t index : indices)
    part.add(*this, index);
  return part;
}

std::int64_t TrainingSet::total_tokens() const {
  return std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
}

} // namespace sciexam::inline train
