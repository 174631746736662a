#include "data/tables/read_table.hpp"

#include "data/tables/csv_table.hpp"
#include "data/tables/json_table.hpp"

namespace sciexam::inline data {

Table read_table(const std::filesystem::path& path) {
  return is_json_file(path) ? read_json_table(path) : read_csv_table(path);
}

} // namespace sciexam::inline data
