#include "model/relative_tables.hpp"

#include "checkpoint/relative_position.hpp"

namespace sciexam::inline model {

RelativeRows rows_in_reach(const at::Tensor& relative_embeddings, std::int64_t longest, const DebertaConfig& config) {
  const std::int64_t first = relative_row(1 - longest, config), last = relative_row(longest - 1, config);
  return {relative_embeddings.narrow(0, first, last - first + 1), first};
}

RelativeTables project(const RelativeProjections& projections, const RelativeRows& relative,
                       const DebertaConfig& config) {
  RelativeTables tables;
  if (config.c2p)
    tables.key = projections.key(relative.rows);
  if (config.p2c)
    tables.query = projections.query(relative.rows);
  tables.first_row = relative.first_row;
  return tables;
}

} // namespace sciexam::inline model
