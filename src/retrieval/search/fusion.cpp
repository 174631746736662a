#include "retrieval/search/fusion.hpp"

#include <algorithm>
#include <map>

namespace sciexam::inline retrieval {

std::string_view name_of(Fusion fusion) {
  if (fusion == Fusion::best)
    return "best";
  return fusion == Fusion::sum ? "sum" : "reciprocal-rank";
}

Hits fuse(std::span<const Hits> lists, Fusion fusion, std::size_t k) {
  std::map<std::uint32_t, double> scores;
  for (const Hits& hits : lists)
    for (std::size_t rank = 0; rank < hits.size(); ++rank) {
      double& score = scores[hits[rank].passage];
      if (fusion == Fusion::best)
        score = std::max(score, hits[rank].score);
      else
        score += fusion == Fusion::sum ? hits[rank].score : 1 / (kReciprocalRankOffset + static_cast<double>(rank + 1));
    }
  Hits fused;
  for (const auto& [passage, score] : scores)
    fused.push_back({passage, score});
  std::stable_sort(fused.begin(), fused.end(), [](const Hit& a, const Hit& b) { return a.score > b.score; });
  fused.resize(std::min(k, fused.size()));
  return fused;
}

} // namespace sciexam::inline retrieval
