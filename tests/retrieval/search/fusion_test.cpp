#include "retrieval/search/fusion.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace sciexam;

TEST_CASE("lists are fused by the best score, the sum of scores and the sum of reciprocal ranks") {
  const std::vector<Hits> lists = {{{7, 5.0}, {3, 4.0}, {9, 1.0}}, {{3, 4.5}, {8, 4.0}}, {}};
  CHECK(fuse(lists, Fusion::best, 10) == Hits{{7, 5.0}, {3, 4.5}, {8, 4.0}, {9, 1.0}});
  CHECK(fuse(lists, Fusion::sum, 2) == Hits{{3, 8.5}, {7, 5.0}});
  CHECK(fuse(lists, Fusion::reciprocal_rank, 3) == Hits{{3, 1.0 / 62 + 1.0 / 61}, {7, 1.0 / 61}, {8, 1.0 / 62}});
  CHECK(fuse({}, Fusion::sum, 3).empty());
}

TEST_CASE("of passages with equal fused scores the lower comes first") {
  const std::vector<Hits> lists = {{{9, 2.0}}, {{4, 2.0}}};
  for (const Fusion fusion : {Fusion::best, Fusion::sum, Fusion::reciprocal_rank})
    CHECK(fuse(lists, fusion, 1).at(0).passage == 4);
}
