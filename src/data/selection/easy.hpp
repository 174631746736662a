// Questions that teach nothing, since the answer is known already.
#pragma once

#include "data/forms/records.hpp"

#include <span>

namespace sciexam {

/// Removes the questions to whose right option an ensemble gives a probability above `limit`;
/// `probabilities[i]` is that of records[i]. Throws InternalError if their numbers differ.
void drop_easy(DataSet& data, std::span<const double> probabilities, double limit);

} // namespace sciexam
