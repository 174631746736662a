#include "model/answering_reference.hpp"

#include <utility>

namespace sciexam::inline model {

AnsweringReference::AnsweringReference(DebertaForMultipleChoice network)
    : network_(std::move(network)), tables_(network_.project_tables()) {}

std::optional<NetworkOutput> AnsweringReference::run(const PackedSequences& batch, const AnsweringOptions& options) {
  return network_.forward_until(options.stop, batch,
                                {.with_hidden_states = options.with_hidden_states, .tables = &tables_});
}

} // namespace sciexam::inline model
