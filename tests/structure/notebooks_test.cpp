// Holds the notebooks to cells of a line or two: what they do belongs into the program.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

TEST_CASE("a notebook's code cells have three lines at most, and are stored without outputs") {
  constexpr std::size_t kMostLines = 3;
  std::size_t cells = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SCIEXAM_SOURCE_DIR "/notebooks")) {
    std::ifstream file(entry.path());
    const nlohmann::json notebook = nlohmann::json::parse(file);
    for (const nlohmann::json& cell : notebook["cells"]) {
      if (cell["cell_type"] != "code")
        continue;
      ++cells;
      INFO(entry.path() << ", " << cell["id"]);
      CHECK(cell["source"].size() <= kMostLines);
      CHECK(std::ranges::all_of(cell["source"], [](const nlohmann::json& line) {
        const auto text = line.get<std::string>();
        return std::ranges::count(text, '\n') == (text.ends_with('\n') ? 1 : 0);
      }));
      CHECK(cell["outputs"].empty());
    }
  }
  CHECK(cells >= 2);
}
