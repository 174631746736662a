// A small exam beside the small package, and what a whole submission for it looks like.
#pragma once

#include "end_to_end/program.hpp"
#include "temporary_folder.hpp"

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

namespace sciexam::test {

inline constexpr const char* kExam =
    "id,prompt,A,B,C,D,E\nx,What is water?,H2O,CO2,NaCl,gold,the air\ny,Largest?,Mars,the Sun,a,b,c\n";
inline constexpr const char* kByLength = "id,prediction\nx,E C D\ny,B A C\n";

/// A folder with the small package and an exam.
class Place {
public:
  Place() {
    std::filesystem::copy(kSmallPackage, folder_ / "package");
    write_bytes(folder_ / "test.csv", kExam);
  }
  std::filesystem::path operator/(const std::string& name) const { return folder_ / name; }
  std::vector<std::string> command(const std::vector<std::string>& options = {}) const {
    std::vector<std::string> words = {
        program(), "--package", folder_ / "package", "--test", folder_ / "test.csv", "--output", folder_ / "out.csv"};
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }
  std::string submission() const { return read_bytes(folder_ / "out.csv"); }

private:
  TemporaryFolder folder_;
};

/// True for "id,prediction" and a row of three different letters for x and y each.
inline bool is_whole(const std::string& submission) {
  std::istringstream lines(submission);
  std::string header, x, y, more;
  std::getline(lines, header);
  std::getline(lines, x);
  std::getline(lines, y);
  const auto good = [](const std::string& row, char id) {
    return row.size() == 7 && row[0] == id && row[1] == ',' && row[3] == ' ' && row[5] == ' ' && row[2] != row[4] &&
           row[2] != row[6] && row[4] != row[6] && row.find_first_not_of("ABCDE ", 2) == std::string::npos;
  };
  return header == "id,prediction" && good(x, 'x') && good(y, 'y') && !std::getline(lines, more);
}

} // namespace sciexam::test
