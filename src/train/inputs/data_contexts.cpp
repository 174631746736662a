#include "train/inputs/data_contexts.hpp"

#include "support/errors.hpp"
#include "support/files/files.hpp"
#include "support/messages/progress.hpp"

namespace sciexam::inline train {
namespace {

namespace fs = std::filesystem;

/// The record beside the file, if it is of the file as it is.
std::optional<RetrievalRecord> fitting_record(const fs::path& file, const std::string& sha256,
                                              std::vector<std::string>& notes) {
  const fs::path place = retrieval_record_of(file);
  if (!fs::exists(place))
    return std::nullopt;
  try {
    RetrievalRecord record = parse_retrieval_record(read_text_file(place), place);
    if (record.out.sha256 == sha256)
      return record;
    notes.push_back(place.string() + ": is not used, since it is of a file with sha256 " +
                    record.out.sha256.substr(0, 12) + ", and " + file.filename().string() + " has " +
                    sha256.substr(0, 12) + ": it was changed or replaced after its contexts had been retrieved");
  } catch (const InputError& error) {
    notes.push_back("the record of a retrieval is not used: " + std::string(error.what()));
  }
  return std::nullopt;
}

void require_index(const std::string& index_sha256, const std::optional<RetrievalRecord>& record,
                   const fs::path& file) {
  const std::string wanted = "the manifest asks for contexts of the index " + index_sha256;
  const std::string remedy = "Retrieve its contexts from that index (`sciexam-run retrieve`), or correct the manifest";
  if (!record)
    throw InputError({file},
                     "has no record of where its contexts are from (" + retrieval_record_of(file).filename().string() +
                         "), but " + wanted,
                     remedy);
  if (record->index_sha256 != index_sha256)
    throw InputError({file}, "has contexts of the index " + record->index_sha256 + ", but " + wanted, remedy);
}

} // namespace

std::optional<RetrievalRecord> retrieval_of(const ManifestData& data, const fs::path& file, const std::string& sha256,
                                            std::vector<std::string>& notes) {
  std::optional<RetrievalRecord> record = fitting_record(file, sha256, notes);
  if (data.index_sha256)
    require_index(*data.index_sha256, record, file);
  if (!record)
    return std::nullopt;
  log_line(file.filename().string() + ": its contexts are of " + described(*record));
  if (!record->degraded.empty())
    notes.push_back(file.filename().string() + ": its contexts are of a damaged index: " + record->degraded.front());
  return record;
}

} // namespace sciexam::inline train
