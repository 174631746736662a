#include "package/verify.hpp"

#include "package/manifest.hpp"
#include "package/package.hpp"
#include "support/errors.hpp"
#include "support/machine/threads.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace sciexam::inline package {
namespace {

constexpr std::size_t kMostProblems = 10; // listed for one file
constexpr std::size_t kReadBytes = std::size_t{4} << 20;

/// The sizes of what will be read, for the progress, and what was read so far.
class Meter {
public:
  explicit Meter(const std::function<void(std::uint64_t, std::uint64_t)>& show) : show_(show) {}
  void expect(std::uint64_t bytes) { total_ += bytes; }
  void advance(std::uint64_t bytes) {
    done_ += bytes;
    if (show_)
      show_(done_, total_);
  }

private:
  const std::function<void(std::uint64_t, std::uint64_t)>& show_;
  std::uint64_t done_ = 0, total_ = 0;
};

void add_problem(FileReport& report, std::string problem) {
  if (report.problems.size() < kMostProblems)
    report.problems.push_back(std::move(problem));
  else if (report.problems.size() == kMostProblems)
    report.problems.push_back(report.name + ": and more");
}

FileReport verify_file(const PackageFiles& files, const FileRecord& record, Meter& meter) {
  FileReport report{record.name, record.size, {}};
  try {
    read_checked(files, record);
  } catch (const Error& error) {
    add_problem(report, error.what());
  }
  meter.advance(record.size);
  return report;
}

/// Adds bytes `offset` .. `offset + size` of the file to the hash.
void hash_range(const PackageFile& file, std::uint64_t offset, std::uint64_t size, Sha256& hash) {
  std::vector<std::byte> block;
  for (const std::uint64_t end = offset + size; offset < end; offset += block.size()) {
    block.resize(std::min<std::uint64_t>(kReadBytes, end - offset));
    file.read(offset, block);
    hash.update(block);
  }
}

/// Frames first .. last: decoded and checked in parallel, then added to the hash of the plain file in order.
void verify_frames(const FrameReader& reader, std::size_t first, std::size_t last, int threads, Sha256& raw_hash,
                   FileReport& report) {
  std::vector<std::vector<std::byte>> raw(last - first);
  std::vector<std::string> problems(last - first);
  parallel_for(last - first, threads, [&](std::size_t i) {
    try {
      raw[i] = reader.read_and_verify(first + i);
    } catch (const Error& error) {
      problems[i] = error.what();
    }
  });
  for (std::size_t i = 0; i < raw.size(); ++i) {
    raw_hash.update(raw[i]);
    if (!problems[i].empty())
      add_problem(report, problems[i]);
  }
}

void verify_seek_table(const FrameReader& reader, FileReport& report) {
  const SeekTable& table = reader.record().seek_table;
  Sha256 hash;
  hash_range(reader.file(), table.offset, table.size, hash);
  if (hash.hex() != table.sha256)
    add_problem(report, reader.file().path().string() + ": the seek table (bytes " + std::to_string(table.offset) +
                            " to " + std::to_string(table.offset + table.size - 1) +
                            ") does not match its sha256 in the manifest. Upload or copy this file again");
}

void verify_content(const FrameReader& reader, int threads, Meter& meter, FileReport& report) {
  const FramedFile& record = reader.record();
  const bool compressed = reader.form() == FrameReader::Form::compressed;
  Sha256 hash, raw_hash;
  const std::size_t step = static_cast<std::size_t>(std::max(1, threads));
  for (std::size_t first = 0; first < record.frames.size(); first += step) {
    const std::size_t last = std::min(record.frames.size(), first + step);
    verify_frames(reader, first, last, threads, raw_hash, report);
    const Frame &begin = record.frames[first], &end = record.frames[last - 1];
    if (compressed)
      hash_range(reader.file(), begin.offset, end.offset + end.size - begin.offset, hash);
    meter.advance(end.raw_offset + end.raw_size - begin.raw_offset);
  }
  if (compressed) {
    verify_seek_table(reader, report);
    hash_range(reader.file(), record.seek_table.offset, record.seek_table.size, hash);
  }
  // Damage has been named by frame already; this is for a manifest that contradicts itself.
  const bool matches = raw_hash.hex() == record.raw_sha256 && (!compressed || hash.hex() == record.sha256);
  if (report.problems.empty() && !matches)
    add_problem(report, reader.file().path().string() + ": matches its frames' sha256, but not that of the whole file. "
                                                        "Pack the models again");
}

FileReport verify_weights(const PackageFiles& files, const WeightsRecord& weights, FrameReader::Form form, int threads,
                          Meter& meter) {
  const bool compressed = form == FrameReader::Form::compressed;
  const FramedFile& content = weights.content;
  FileReport report{compressed ? weights.name : files.find_unpacked(weights.name, weights.plain_name()),
                    compressed ? content.size : content.raw_size,
                    {}};
  try {
    verify_content(FrameReader(files.open(report.name), content, form), threads, meter, report);
  } catch (const Error& error) {
    add_problem(report, error.what());
  }
  return report;
}

/// Weights may lie there packed, unpacked, or both; if neither is there, the packed file is reported missing.
std::vector<FrameReader::Form> forms_in(const PackageFiles& files, const WeightsRecord& weights) {
  const bool plain = !files.find_unpacked(weights.name, weights.plain_name()).empty();
  std::vector<FrameReader::Form> forms;
  if (!plain || files.has(weights.name))
    forms.push_back(FrameReader::Form::compressed);
  if (plain)
    forms.push_back(FrameReader::Form::plain);
  return forms;
}

/// The manifest's content has matched its identity. Content can stay the same
/// although a bit flipped (1e-5 and 1E-5), so the bytes are compared too.
FileReport verify_manifest(const PackageFiles& files) {
  const std::string text = read_manifest_text(files);
  const std::filesystem::path path = files.path_of(std::string(kManifestName));
  FileReport report{std::string(kManifestName), text.size(), {}};
  if (text != format_manifest(JsonDocument(text, path).root().json()))
    add_problem(report, path.string() + ": has the right content, but not the bytes that were written: a tool "
                                        "reformatted it, or it was damaged. Upload or copy this file again");
  return report;
}

std::vector<std::string> list_unnamed(const std::filesystem::path& folder, const Manifest& manifest) {
  std::set<std::string> known{std::string(kManifestName), manifest.vocabulary.name};
  for (const ModelRecord& model : manifest.models)
    known.insert({model.config.name, model.weights.name, model.weights.plain_name()});
  std::vector<std::string> unnamed;
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end;
       entry.increment(failure))
    if (const std::string name = entry->path().filename().string(); !known.contains(name))
      unnamed.push_back(name);
  if (failure)
    throw PackageError(folder, "cannot be listed: " + failure.message(), "Check the folder's permissions");
  std::sort(unnamed.begin(), unnamed.end());
  return unnamed;
}

/// The vocabulary and the configurations, each once.
std::vector<FileRecord> small_files(const Manifest& manifest) {
  std::vector<FileRecord> files{manifest.vocabulary};
  for (const ModelRecord& model : manifest.models)
    if (std::none_of(files.begin(), files.end(),
                     [&](const FileRecord& file) { return file.name == model.config.name; }))
      files.push_back(model.config);
  return files;
}

void verify_all(const PackageFiles& files, const Manifest& manifest, int threads, Meter& meter,
                std::vector<FileReport>& reports) {
  const std::vector<FileRecord> small = small_files(manifest);
  std::vector<std::pair<const WeightsRecord*, FrameReader::Form>> large;
  for (const ModelRecord& model : manifest.models)
    for (const FrameReader::Form form : forms_in(files, model.weights))
      large.emplace_back(&model.weights, form);
  for (const FileRecord& file : small)
    meter.expect(file.size);
  for (const auto& [weights, form] : large)
    meter.expect(weights->content.raw_size);

  for (const FileRecord& file : small)
    reports.push_back(verify_file(files, file, meter));
  for (const auto& [weights, form] : large)
    reports.push_back(verify_weights(files, *weights, form, threads, meter));
}

} // namespace

bool VerifyReport::ok() const {
  return std::all_of(files.begin(), files.end(), [](const FileReport& file) { return file.problems.empty(); });
}

VerifyReport verify_package(const std::filesystem::path& folder, int threads,
                            const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  VerifyReport report;
  const PackageFiles files = PackageFiles::in_folder(folder);
  Manifest manifest;
  try {
    manifest = Package::open(files).manifest();
    report.files.push_back(verify_manifest(files));
  } catch (const Error& error) {
    report.files.push_back({std::string(kManifestName), 0, {error.what()}});
    return report;
  }
  report.identity = manifest.identity;
  Meter meter(progress);
  verify_all(files, manifest, threads, meter, report.files);
  report.unnamed = list_unnamed(folder, manifest);
  return report;
}

} // namespace sciexam::inline package
