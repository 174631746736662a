// Packing checkpoints with a probe of what they compute: `pack`, and `train --pack`.
#pragma once

#include <string>
#include <vector>

namespace sciexam::inline cli {

struct PackingOptions {
  std::vector<std::string> models; ///< checkpoint folders
  std::vector<double> weights;     ///< one per model, or empty
  std::string tokenizer;           ///< spm.model or tokenizer.json; empty: the one in the models' folders
  std::string out, precision = "f16", template_name = "closed_book", title = "sciexam";
  std::string package_version;
  std::string calibration; ///< for int8: a file of questions
  bool allow_disagreement = false;
  int max_length = 0; ///< tokens; 0: nothing is cut
  double retrieval_weight = 0;
  int threads = 1;
};

/// Makes the package and prints what it is. Throws what pack() throws, and UsageError for options that do not fit.
void pack_checkpoints(const PackingOptions& options);

} // namespace sciexam::inline cli
