#include "retrieval/index/verify_index.hpp"

#include "retrieval/index/passage_index.hpp"
#include "support/errors.hpp"

namespace sciexam::inline retrieval {
namespace {

/// Calls `check`; its error is a finding.
template <class Check>
void find(std::vector<std::string>& findings, const Check& check) {
  try {
    check();
  } catch (const PackageError& error) {
    findings.emplace_back(error.what());
  }
}

void check_hash(const PackageFiles& files, const CheckedFileRecord& record) {
  const IndexFile file(files, record.name);
  if (sha256_hex(file.bytes()) != record.sha256)
    throw PackageError(file.path(), "does not match its sha256 in index.json", "Copy or download the index again");
}

/// Every list of the dictionary, in every shard that is there.
void check_postings(const PassageIndex& index, std::vector<std::string>& findings) {
  std::vector<std::uint64_t> postings(index.shards());
  find(findings, [&] {
    index.terms().for_each([&](std::string_view, const TermRecord& record) {
      for (std::size_t number = 0; number < index.shards(); ++number) {
        const Shard* const shard = index.shard(number);
        if (shard == nullptr || record.lists[number].passages == 0)
          continue;
        try {
          postings[number] += read_list(shard->postings, record.lists[number], shard->passages).size();
        } catch (const PackageError& error) {
          index.leave_out(number, error.what());
        }
      }
    });
    for (std::size_t number = 0; number < index.shards(); ++number)
      if (index.shard(number) != nullptr && postings[number] != index.manifest().shards[number].postings)
        index.leave_out(number, "the dictionary has not the postings of shard " + std::to_string(number));
  });
}

void check_texts(const PassageIndex& index, std::vector<std::string>& findings) {
  TextReader reader(index.texts());
  for (std::uint64_t passage = 0; passage < index.texts().passages(); ++passage) {
    const std::size_t before = findings.size();
    find(findings, [&] { reader.passage(static_cast<std::uint32_t>(passage)); });
    if (findings.size() != before)
      return; // one finding says enough
  }
}

} // namespace

std::vector<std::string> verify_index(const PackageFiles& files) {
  std::vector<std::string> findings;
  find(findings, [&] {
    const PassageIndex index(files, nullptr);
    for (const CheckedFileRecord& record : files_of(index.manifest()))
      find(findings, [&] { check_hash(files, record); });
    check_postings(index, findings);
    check_texts(index, findings);
    for (const LeftOutShard& shard : index.left_out())
      findings.push_back(shard.reason);
  });
  return findings;
}

} // namespace sciexam::inline retrieval
