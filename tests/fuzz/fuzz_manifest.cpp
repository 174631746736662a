// manifest.json: as it comes, and with an identity that fits, so that the
// fuzzer gets past the hash.
#include "package/manifest.hpp"
#include "support/errors.hpp"

#include <cstdlib>

using namespace sciexam;

namespace {

/// What is accepted must be written so that it is accepted again, as the same package.
void check_accepted(const Manifest& manifest) {
  const std::string text = write_manifest(manifest);
  const Manifest again = parse_manifest(text, "manifest.json");
  if (write_manifest(again) != text)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    check_accepted(parse_manifest(text, "manifest.json"));
  } catch (const PackageError&) {
  }
  try {
    const JsonDocument document(text, "manifest.json");
    Json sealed = document.root().json();
    if (!sealed.is_object())
      return 0;
    sealed["manifest_sha256"] = manifest_identity(sealed);
    check_accepted(parse_manifest(sealed.dump(), "manifest.json"));
  } catch (const InputError&) {
  } catch (const PackageError&) {
  }
  return 0;
}
