// The kinds of error that sciexam reports to its user. Each is thrown where the
// fact is known; cli/ turns them into text and exit status in one place.
#pragma once

#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace sciexam::inline support {

/// Base of all of sciexam's own errors. The text says what is wrong, where,
/// and what to do, in that order.
class Error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The command line is wrong, or names something that does not exist. Exit status 2.
class UsageError : public Error {
  using Error::Error;
};

/// Where in an input file an error is; a row or column that does not apply stays 0 or empty.
struct InputPlace {
  std::filesystem::path file;
  std::size_t row = 0;     ///< 1 is the file's first row (the header of a CSV file)
  std::string column = {}; ///< a CSV column's name, or a JSON path such as "$.layer_norm_eps"
};

/// An input file is wrong. Exit status 2; nothing has been written.
class InputError : public Error {
public:
  /// Text: "FILE, row R, column C: PROBLEM. REMEDY"
  InputError(const InputPlace& place, const std::string& problem, const std::string& remedy);
  const InputPlace& place() const noexcept { return place_; }

private:
  InputPlace place_;
};

/// A package is damaged, incomplete or of an unknown version. Exit status 1.
class PackageError : public Error {
public:
  /// Text: "FILE: PROBLEM. REMEDY"
  PackageError(const std::filesystem::path& file, const std::string& problem, const std::string& remedy);
};

/// Something outside the inputs failed: a file cannot be written, memory ran out. Exit status 1.
class WorkError : public Error {
  using Error::Error;
};

/// A bug in sciexam itself. Exit status 1; the text asks for a report.
class InternalError : public Error {
  using Error::Error;
};

} // namespace sciexam::inline support
