// Manifests of training: whatever the bytes, a manifest that can be written out and read again, or an InputError.
#include "support/errors.hpp"
#include "train/manifest/manifest.hpp"

#include <cstdint>
#include <cstdlib>

using namespace sciexam;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const TrainingManifest manifest = parse_training_manifest(text, "fuzz");
    const Json again = to_json(manifest);
    if (to_json(parse_training_manifest(again.dump(), "again")) != again)
      std::abort();
  } catch (const InputError&) {
  } catch (const UsageError&) { // settings that contradict each other
  }
  return 0;
}
