#include "catch_beside_torch.hpp"
#include "quantization/agreement.hpp"

using namespace sciexam;

TEST_CASE("answers are compared by first guesses, by the order of three and by logits") {
  const std::vector<OptionLogits> a = {{5, 4, 3, 2, 1}, {5, 4, 3, 2, 1}, {5, 4, 3, 2, 1}, {5, 4, 3, 2, 1}},
                                  b = {{4, 5, 3, 2, 1}, {5, 4, 2, 3, 1}, {5, 4, 3, 1, 1.5F}, {5, 4, 3, 2, 1}};
  const Agreement agreement = compare(a, b);
  CHECK(agreement.questions == 4);
  CHECK(agreement.other_first == 1);
  CHECK(agreement.other_order == 2);
  CHECK(agreement.largest_difference == 1);
  CHECK(describe(agreement) == "of 4 questions the first guess differs for 1 and the order of the first three for 2; "
                               "logits differ by up to 1.000");
}
