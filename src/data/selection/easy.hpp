// Leaves out questions that an ensemble already answers.
#pragma once

#include "data/forms/records.hpp"

#include <span>

namespace sciexam::inline data {

/// Removes the questions to whose right option an ensemble gives a probability above `limit`;
/// `probabilities[i]` is that of records[i]. Throws InternalError if the two sizes differ.
void drop_easy(DataSet& data, std::span<const double> probabilities, double limit);

} // namespace sciexam::inline data
