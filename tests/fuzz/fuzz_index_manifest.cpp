// index.json: as it comes, and with an identity that fits, so that the fuzzer gets behind the hash.
#include "package/manifest.hpp"
#include "retrieval/index/index_manifest.hpp"
#include "support/errors.hpp"

#include <cstdlib>

using namespace sciexam;

namespace {

/// What is accepted must be written so that it is accepted again, as the same index.
void check_accepted(const IndexManifest& manifest) {
  const std::string text = write_index_manifest(manifest);
  if (write_index_manifest(parse_index_manifest(text, "index.json")) != text)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    check_accepted(parse_index_manifest(text, "index.json"));
  } catch (const PackageError&) {
  }
  try {
    const JsonDocument document(text, "index.json");
    Json sealed = document.root().json();
    if (!sealed.is_object())
      return 0;
    sealed["manifest_sha256"] = manifest_identity(sealed);
    check_accepted(parse_index_manifest(sealed.dump(), "index.json"));
  } catch (const InputError&) {
  } catch (const PackageError&) {
  }
  return 0;
}
