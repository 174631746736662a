#include "support/files/file_kind.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace sciexam::inline support {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

/// Bytes by which a kind of file is recognised.
struct Signature {
  std::string_view bytes;
  std::string_view name, remedy;
  std::size_t offset = 0;
};

constexpr std::string_view kExport = "Export its table as CSV, in UTF-8 and with commas between the cells";
constexpr std::string_view kPandas = "Convert it to CSV, for example with pandas' to_csv(..., index=False)";
constexpr std::string_view kDownload = "Download the file itself";

/// What may stand in place of a file, or wrap it.
constexpr Signature kWrappings[] = {
    {"version https://git-lfs"sv, "a Git LFS pointer, not the file it stands for",
     "Run git lfs pull in its repository, or download the file itself"},
    {"\x1F\x8B"sv, "a gzip archive", "Unpack it with gunzip"},
    {"PK\x05\x06"sv, "an empty zip archive", kDownload},
    {"\x28\xB5\x2F\xFD"sv, "a zstd archive", "Unpack it with zstd -d"},
    {"1AY&SY"sv, "a bzip2 archive", "Unpack it with bunzip2", 4}, // after "BZh" and the block size
    {"\xFD\x37zXZ\0"sv, "an xz archive", "Unpack it with unxz"},
    {"\x04\x22\x4D\x18"sv, "an lz4 archive", "Unpack it with lz4 -d"},
    {"7z\xBC\xAF\x27\x1C"sv, "a 7-Zip archive", "Unpack it with 7z x"},
    {"Rar!\x1A\x07"sv, "a RAR archive", "Unpack it with unrar x"},
    {"ustar"sv, "a tar archive", "Unpack it with tar xf", 257},
};

/// Other kinds. Where a table's header could begin like a signature, the byte that follows is included.
constexpr Signature kForeign[] = {
    {"PAR1\x15"sv, "a Parquet table", kPandas},
    {"ARROW1\0"sv, "an Arrow (Feather) table", kPandas},
    {"\xFF\xFF\xFF\xFF"sv, "an Arrow stream", kPandas},
    {"FEA1\0"sv, "a Feather table", kPandas},
    {"Obj\x01"sv, "an Avro table", kPandas},
    {"\x89HDF\r\n\x1A\n"sv, "an HDF5 file", kPandas},
    {"\x93NUMPY"sv, "a NumPy array", kPandas},
    {"SQLite format 3\0"sv, "an SQLite database", "Export its table as CSV, for example with sqlite3 -header -csv"},
    {"%PDF-"sv, "a PDF document", "Take the questions from a file with a table"},
    {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, "an old Office document (such as .xls)", kExport},
    {"{\\rtf"sv, "an RTF document", kExport},
    {"\x89PNG"sv, "a PNG image", kDownload},
    {"\xFF\xD8\xFF"sv, "a JPEG image", kDownload},
    {"\x7F\x45LF"sv, "a program", kDownload},
};

std::optional<FileKind> find_signature(std::string_view beginning, std::span<const Signature> signatures,
                                       bool stand_for_file) {
  for (const Signature& signature : signatures)
    if (beginning.size() >= signature.offset && beginning.substr(signature.offset).starts_with(signature.bytes))
      return FileKind{std::string(signature.name), std::string(signature.remedy), stand_for_file};
  return std::nullopt;
}

std::optional<FileKind> kind_of_zip(std::string_view beginning) {
  if (!beginning.starts_with("PK\x03\x04"sv))
    return std::nullopt;
  const auto holds = [&](std::string_view name) { return beginning.find(name) != std::string_view::npos; };
  if (holds("application/vnd.oasis.opendocument"))
    return FileKind{"an OpenDocument file (such as .ods)", std::string(kExport)};
  if (holds("[Content_Types].xml") || holds("xl/"))
    return FileKind{"an Office document (such as .xlsx)", std::string(kExport)};
  return FileKind{"a zip archive", "Unpack it with unzip", true};
}

FileKind wide_text(const std::string& encoding, const std::string& order, bool marked) {
  return {encoding + " text (" + order + (marked ? ")" : ", without a byte order mark)"),
          "Save it as UTF-8, for example with iconv -f " + encoding + (order == "little-endian" ? "LE" : "BE") +
              " -t UTF-8"};
}

/// UTF-16 and UTF-32: by the mark or, since nearly all text has ASCII in it, by where the NUL bytes are.
std::optional<FileKind> kind_of_wide_text(std::string_view beginning) {
  if (beginning.starts_with("\xFF\xFE\0\0"sv) || beginning.starts_with("\0\0\xFE\xFF"sv))
    return wide_text("UTF-32", beginning[0] == '\0' ? "big-endian" : "little-endian", true);
  if (beginning.starts_with("\xFF\xFE"sv) || beginning.starts_with("\xFE\xFF"sv))
    return wide_text("UTF-16", beginning[0] == '\xFF' ? "little-endian" : "big-endian", true);
  constexpr std::size_t kUnit = 4, kLooked = 256;
  const std::string_view looked = beginning.substr(0, std::min(beginning.size(), kLooked) / kUnit * kUnit);
  if (looked.empty())
    return std::nullopt;
  std::size_t zeros[kUnit] = {};
  for (std::size_t i = 0; i < looked.size(); ++i)
    zeros[i % kUnit] += looked[i] == '\0';
  const std::size_t units = looked.size() / kUnit;
  const auto mostly = [&](std::size_t place) { return 4 * zeros[place] > 3 * units; };
  if (mostly(1) && mostly(2) && zeros[0] == 0 && mostly(3))
    return wide_text("UTF-32", "little-endian", false);
  if (mostly(0) && mostly(1) && mostly(2) && zeros[3] == 0)
    return wide_text("UTF-32", "big-endian", false);
  if (mostly(1) && mostly(3) && zeros[0] + zeros[2] == 0)
    return wide_text("UTF-16", "little-endian", false);
  if (mostly(0) && mostly(2) && zeros[1] + zeros[3] == 0)
    return wide_text("UTF-16", "big-endian", false);
  return std::nullopt;
}

/// Pickles of protocol 2 to 5 begin with PROTO; those of 4 and 5 continue with FRAME.
bool is_pickle(std::string_view beginning) {
  return beginning.size() > 2 && beginning[0] == '\x80' && beginning[1] >= 2 && beginning[1] <= 5 &&
         (beginning[1] < 4 || beginning[2] == '\x95');
}

bool begins_in_any_case(std::string_view text, std::string_view lower_case) {
  return text.size() >= lower_case.size() &&
         std::equal(lower_case.begin(), lower_case.end(), text.begin(), [](char expected, char found) {
           return expected == (found >= 'A' && found <= 'Z' ? static_cast<char>(found - 'A' + 'a') : found);
         });
}

std::optional<FileKind> kind_of_markup(std::string_view text) {
  if (begins_in_any_case(text, "<!doctype html") || begins_in_any_case(text, "<html"))
    return FileKind{"a web page (HTML), as sites send instead of a file that needs a login",
                    "Open it in a browser to see what it says, and download the file itself", true};
  if (text.starts_with("<?xml"))
    return FileKind{"XML", std::string(kExport)};
  // A table's first cell may begin with a bracket, but not with a second one or a double quote after it.
  if (!text.starts_with('{') && !text.starts_with('['))
    return std::nullopt;
  const std::size_t next = text.find_first_not_of(" \t\r\n", 1);
  if (next != std::string_view::npos && "[{\"]}"sv.find(text[next]) != std::string_view::npos)
    return FileKind{"JSON", std::string(kPandas)};
  return std::nullopt;
}

} // namespace

std::optional<FileKind> find_file_kind(std::string_view beginning) {
  if (std::optional<FileKind> kind = find_signature(beginning, kWrappings, true))
    return kind;
  if (std::optional<FileKind> kind = find_signature(beginning, kForeign, false))
    return kind;
  if (std::optional<FileKind> kind = kind_of_zip(beginning))
    return kind;
  if (is_pickle(beginning))
    return FileKind{"a Python pickle", std::string(kPandas)};
  if (std::optional<FileKind> kind = kind_of_wide_text(beginning))
    return kind;
  if (beginning.starts_with(kUtf8Mark))
    beginning.remove_prefix(kUtf8Mark.size());
  const std::size_t text = beginning.find_first_not_of(" \t\r\n");
  return text == std::string_view::npos ? std::nullopt : kind_of_markup(beginning.substr(text));
}

} // namespace sciexam::inline support
