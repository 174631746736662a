#include "retrieval/index/index_manifest.hpp"

#include "package/manifest.hpp"
#include "retrieval/index/bytes.hpp"
#include "retrieval/index/term_dictionary.hpp"
#include "support/errors.hpp"

#include <set>

namespace sciexam::inline retrieval {
namespace {

constexpr std::string_view kIndexIdentityKey = "manifest_sha256"; // package/manifest.hpp hashes all but this
constexpr std::int64_t kMostFileBytes = std::int64_t{1} << 40;
constexpr std::int64_t kMostPassages = UINT32_MAX - 1;
constexpr std::int64_t kMostShardPassages = std::int64_t{1} << 30; // vectors' indices are signed
constexpr std::int64_t kMostCount = std::int64_t{1} << 48;

CheckedFileRecord parse_file_record(const JsonView& view) {
  view.allow_only({"file", "content", "sha256", "checksums_crc32c"});
  CheckedFileRecord record;
  record.name = view.at("file").string();
  if (!is_plain_file_name(record.name))
    view.at("file").fail("is not a plain file name", "An index's files lie in its folder. Do not use this index");
  record.content = static_cast<std::uint64_t>(view.at("content").integer(kMarkerBytes, kMostFileBytes));
  record.sha256 = view.at("sha256").string();
  record.checksums = static_cast<std::uint32_t>(view.at("checksums_crc32c").integer(0, UINT32_MAX));
  return record;
}

std::uint64_t parse_count(const JsonView& view, std::int64_t most = kMostCount) {
  return static_cast<std::uint64_t>(view.integer(0, most));
}

IndexCounts parse_counts(const JsonView& view) {
  view.allow_only({"articles", "passages", "terms", "postings", "total_length", "text_bytes"});
  return {parse_count(view.at("articles")),     parse_count(view.at("passages"), kMostPassages),
          parse_count(view.at("terms")),        parse_count(view.at("postings")),
          parse_count(view.at("total_length")), parse_count(view.at("text_bytes"))};
}

ShardRecord parse_shard(const JsonView& view) {
  view.allow_only({"first_passage", "passages", "postings", "postings_file", "lengths_file"});
  ShardRecord shard;
  shard.first_passage = static_cast<std::uint32_t>(view.at("first_passage").integer(0, kMostPassages));
  shard.passages = static_cast<std::uint32_t>(view.at("passages").integer(1, kMostShardPassages));
  shard.postings = parse_count(view.at("postings"));
  shard.postings_file = parse_file_record(view.at("postings_file"));
  shard.lengths_file = parse_file_record(view.at("lengths_file"));
  if (shard.lengths_file.content != kMarkerBytes + std::uint64_t{2} * shard.passages + kReadBeyond)
    view.at("lengths_file").fail("is not as long as its passages need", kIndexRemedy);
  return shard;
}

Json record_of(const JsonView& view) {
  if (!view.json().is_object())
    view.fail("is not an object", kIndexRemedy);
  return view.json();
}

void check_shards(const IndexManifest& manifest, const JsonView& root) {
  std::uint64_t passages = 0, postings = 0;
  for (const ShardRecord& shard : manifest.shards) {
    if (shard.first_passage != passages)
      root.at("shards").fail("do not lie side by side", kIndexRemedy);
    passages += shard.passages;
    postings += shard.postings;
  }
  if (passages != manifest.counts.passages || postings != manifest.counts.postings)
    root.at("counts").fail("are not the sums of the shards'", kIndexRemedy);
  if (manifest.passages.content != kMarkerBytes + 8 * passages)
    root.at("passages").fail("is not as long as its passages need", kIndexRemedy);
  std::set<std::string> names = {std::string(kIndexManifestName)};
  for (const CheckedFileRecord& file : files_of(manifest))
    if (!names.insert(file.name).second)
      root.fail("names the file \"" + file.name + "\" twice", kIndexRemedy);
}

IndexManifest parse_index(const JsonView& root) {
  root.allow_only({"format", "version", "title", "created_by", "licence", "attribution", "analyser", "cutter", "corpus",
                   "counts", "terms", "passages", "articles", "texts", "text_dictionary", "shards", kIndexIdentityKey});
  IndexManifest manifest;
  manifest.title = root.at("title").string();
  manifest.created_by = root.at("created_by").string();
  manifest.licence = root.at("licence").string();
  manifest.attribution = root.at("attribution").string();
  manifest.analyser = record_of(root.at("analyser"));
  manifest.cutter = record_of(root.at("cutter"));
  manifest.corpus = record_of(root.at("corpus"));
  manifest.counts = parse_counts(root.at("counts"));
  manifest.terms = parse_file_record(root.at("terms"));
  manifest.passages = parse_file_record(root.at("passages"));
  manifest.articles = parse_file_record(root.at("articles"));
  manifest.texts = parse_file_record(root.at("texts"));
  if (root.has("text_dictionary"))
    manifest.text_dictionary = parse_file_record(root.at("text_dictionary"));
  const JsonView shards = root.at("shards");
  if (shards.size() > kMostShards)
    shards.fail("are more than " + std::to_string(kMostShards), kIndexRemedy);
  for (std::size_t i = 0; i < shards.size(); ++i)
    manifest.shards.push_back(parse_shard(shards.at(i)));
  check_shards(manifest, root);
  manifest.identity = root.at(kIndexIdentityKey).string();
  return manifest;
}

/// The hash is looked at before anything else, in every version of the format.
void check_index_version(const JsonView& root, const std::filesystem::path& file) {
  if (root.at("format").string() != kIndexFormat)
    throw PackageError(file, "is not the manifest of a sciexam index", "Give the folder that sciexam-run index made");
  if (root.at(kIndexIdentityKey).string() != manifest_identity(root.json()))
    throw PackageError(file, "was damaged or edited: its content does not match its own manifest_sha256", kIndexRemedy);
  const std::int64_t version = root.at("version").integer(0, INT32_MAX);
  if (version != kIndexVersion)
    throw PackageError(file,
                       "is of version " + std::to_string(version) + " of the index format; this program knows " +
                           std::to_string(kIndexVersion),
                       "Use the program's version that built it, or build the index again");
}

Json to_json(const CheckedFileRecord& file) {
  return {
      {"file", file.name}, {"content", file.content}, {"sha256", file.sha256}, {"checksums_crc32c", file.checksums}};
}

Json to_json(const ShardRecord& shard) {
  return {{"first_passage", shard.first_passage},
          {"passages", shard.passages},
          {"postings", shard.postings},
          {"postings_file", to_json(shard.postings_file)},
          {"lengths_file", to_json(shard.lengths_file)}};
}

} // namespace

std::vector<CheckedFileRecord> files_of(const IndexManifest& manifest) {
  std::vector<CheckedFileRecord> files = {manifest.terms, manifest.passages, manifest.articles, manifest.texts};
  if (manifest.text_dictionary)
    files.push_back(*manifest.text_dictionary);
  for (const ShardRecord& shard : manifest.shards) {
    files.push_back(shard.postings_file);
    files.push_back(shard.lengths_file);
  }
  return files;
}

IndexManifest parse_index_manifest(std::string_view text, const std::filesystem::path& file) {
  try {
    const JsonDocument document(text, file.filename());
    check_index_version(document.root(), file);
    return parse_index(document.root());
  } catch (const InputError& error) {
    throw PackageError(file, "is no valid index manifest (" + std::string(error.what()) + ")", kIndexRemedy);
  }
}

std::string write_index_manifest(const IndexManifest& manifest) {
  const IndexCounts& counts = manifest.counts;
  Json shards = Json::array();
  for (const ShardRecord& shard : manifest.shards)
    shards.push_back(to_json(shard));
  Json document = {{"format", kIndexFormat},
                   {"version", kIndexVersion},
                   {"title", manifest.title},
                   {"created_by", manifest.created_by},
                   {"licence", manifest.licence},
                   {"attribution", manifest.attribution},
                   {"analyser", manifest.analyser},
                   {"cutter", manifest.cutter},
                   {"corpus", manifest.corpus},
                   {"counts",
                    {{"articles", counts.articles},
                     {"passages", counts.passages},
                     {"terms", counts.terms},
                     {"postings", counts.postings},
                     {"total_length", counts.total_length},
                     {"text_bytes", counts.text_bytes}}},
                   {"terms", to_json(manifest.terms)},
                   {"passages", to_json(manifest.passages)},
                   {"articles", to_json(manifest.articles)},
                   {"texts", to_json(manifest.texts)},
                   {"text_dictionary", manifest.text_dictionary ? to_json(*manifest.text_dictionary) : Json(nullptr)},
                   {"shards", std::move(shards)}};
  document[std::string(kIndexIdentityKey)] = manifest_identity(document);
  return format_manifest(document);
}

} // namespace sciexam::inline retrieval
