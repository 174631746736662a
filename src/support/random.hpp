// Random numbers that are the same on every machine and in every order of work: Philox4x32-10 (Salmon et al.
// 2011, "Parallel random numbers: as easy as 1, 2, 3"), a counter-based generator.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sciexam::inline support {

/// A stream of random words. Streams that differ in any member are independent.
struct RandomStream {
  std::uint64_t key = 0;                     ///< the seed
  std::array<std::uint32_t, 3> counter = {}; ///< the upper three words of Philox's counter
};

/// Random words returned by one call of random_words.
inline constexpr std::size_t kWordsInGroup = 32;

/// The words of group `group` of the stream: word 8 * w + lane is word w of Philox's block 8 * group + lane.
std::array<std::uint32_t, kWordsInGroup> random_words(const RandomStream& stream, std::uint32_t group);

/// The words of a stream, one by one.
class RandomSequence {
public:
  explicit RandomSequence(const RandomStream& stream) : stream_(stream) {}
  std::uint32_t next();
  /// Uniform in [0, bound), by Lemire's multiplication (2019), without bias.
  std::uint32_t below(std::uint32_t bound);
  /// A standard normal number (Box and Muller 1958).
  double normal();

private:
  RandomStream stream_;
  std::array<std::uint32_t, kWordsInGroup> words_ = {};
  std::uint32_t group_ = 0;
  std::size_t used_ = kWordsInGroup;
  double spare_ = 0;
  bool has_spare_ = false;
};

/// The Fisher-Yates shuffle, as in Knuth (The Art of Computer Programming, 3.4.2, algorithm P).
template <typename T>
void shuffle(std::vector<T>& items, RandomSequence& random) {
  for (std::size_t count = items.size(); count > 1; --count)
    std::swap(items[count - 1], items[random.below(static_cast<std::uint32_t>(count))]);
}

} // namespace sciexam::inline support
