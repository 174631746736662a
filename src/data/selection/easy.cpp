#include "data/selection/easy.hpp"

#include "support/errors.hpp"
#include "support/text/counted.hpp"
#include "support/text/numbers.hpp"

namespace sciexam::inline data {

void drop_easy(DataSet& data, std::span<const double> probabilities, double limit) {
  if (probabilities.size() != data.records.size())
    throw InternalError(std::to_string(probabilities.size()) + " probabilities for " +
                        counted(data.records.size(), "question"));
  std::vector<bool> dropped(data.records.size());
  for (std::size_t i = 0; i < data.records.size(); ++i) {
    dropped[i] = probabilities[i] > limit;
    if (dropped[i])
      data.reject(data.records[i], Reason::easy, "probability " + format_fixed(probabilities[i], 3));
  }
  remove_records(data, dropped);
}

} // namespace sciexam::inline data
