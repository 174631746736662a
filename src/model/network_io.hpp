// What goes into a network and what comes out of it.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace sciexam::inline model {

/// Token sequences laid end to end: there is no padding anywhere. The tensors are on the CPU, wherever the network is.
struct PackedSequences {
  at::Tensor input_ids;                 ///< [tokens], int64
  at::Tensor token_type_ids;            ///< [tokens], int64; unused if type_vocab_size is 0
  std::vector<std::int64_t> offsets{0}; ///< sequence s holds tokens offsets[s] .. offsets[s + 1] - 1

  std::int64_t sequences() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  /// Tokens of the longest sequence.
  std::int64_t longest() const;
};

/// The rows of hidden [tokens, hidden_size] that hold the first token of a sequence, [CLS].
at::Tensor first_tokens(const at::Tensor& hidden, const std::vector<std::int64_t>& offsets);

/// The result of one pass through a network.
struct NetworkOutput {
  at::Tensor logits;                     ///< [sequences]: one score per option
  at::Tensor pooled;                     ///< [sequences, pooler_hidden_size]
  std::vector<at::Tensor> hidden_states; ///< if asked for: embeddings and every layer, [tokens, hidden_size] each
};

/// Asked before every layer and many times within it, on the caller's thread; once it returns true, the pass soon ends
/// without a result. Empty: never stop.
using StopRequest = std::function<bool()>;

} // namespace sciexam::inline model
