#include "kernels/dropout_mask.hpp"

#include <algorithm>

namespace sciexam::inline kernels {
namespace {

template <typename T>
void apply(const RandomStream& stream, std::uint64_t first, double probability, const T* in, T* out,
           std::size_t count) {
  const auto threshold = static_cast<std::uint32_t>(std::min(probability * 0x1p32, 0x1p32 - 1));
  const T scale = static_cast<T>(1 / (1 - probability));
  auto group = static_cast<std::uint32_t>(first / kWordsInGroup);
  std::size_t word = first % kWordsInGroup;
  for (std::size_t i = 0; i < count; ++group, word = 0) {
    const std::array<std::uint32_t, kWordsInGroup> words = random_words(stream, group);
    const std::size_t width = std::min(kWordsInGroup - word, count - i);
    for (std::size_t j = 0; j < width; ++j)
      out[i + j] = words[word + j] >= threshold ? in[i + j] * scale : T{0};
    i += width;
  }
}

} // namespace

void apply_dropout(const RandomStream& stream, std::uint64_t first, double probability, const float* in, float* out,
                   std::size_t count) {
  apply(stream, first, probability, in, out, count);
}

void apply_dropout(const RandomStream& stream, std::uint64_t first, double probability, const double* in, double* out,
                   std::size_t count) {
  apply(stream, first, probability, in, out, count);
}

} // namespace sciexam::inline kernels
