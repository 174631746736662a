#include "checkpoint/config.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace sciexam::inline checkpoint {
namespace {

constexpr std::string_view kModelType = "deberta-v2"; // v3 checkpoints carry it too

// Far beyond every published model, small enough that no size computed from them overflows.
constexpr std::int64_t kMaxVocabulary = 1 << 24;
constexpr std::int64_t kMaxWidth = 1 << 17;
constexpr std::int64_t kMaxLayers = 1024;
constexpr std::int64_t kMaxPositions = 1 << 20;

/// The activations of transformers' ACT2FN that the network has.
constexpr std::string_view kActivations[] = {"gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "relu",
                                             "silu", "swish",    "tanh",      "sigmoid",           "linear"};

/// Keys that Hugging Face's library writes and that do not change what DebertaV2ForMultipleChoice computes.
constexpr std::string_view kBookkeeping[] = {"_attn_implementation",
                                             "_attn_implementation_autoset",
                                             "_commit_hash",
                                             "_name_or_path",
                                             "add_cross_attention",
                                             "architectures",
                                             "attn_implementation",
                                             "bos_token_id",
                                             "chunk_size_feed_forward",
                                             "cross_attention_hidden_size",
                                             "decoder_start_token_id",
                                             "dtype",
                                             "eos_token_id",
                                             "finetuning_task",
                                             "gradient_checkpointing",
                                             "id2label",
                                             "is_decoder",
                                             "is_encoder_decoder",
                                             "label2id",
                                             "legacy",
                                             "name_or_path",
                                             "num_labels",
                                             "output_attentions",
                                             "output_hidden_states",
                                             "output_past",
                                             "pad_token_id",
                                             "prefix",
                                             "problem_type",
                                             "return_dict",
                                             "sep_token_id",
                                             "summary_activation",
                                             "summary_first_dropout",
                                             "summary_last_dropout",
                                             "summary_type",
                                             "summary_use_proj",
                                             "task_specific_params",
                                             "tf_legacy_loss",
                                             "tie_encoder_decoder",
                                             "tie_word_embeddings",
                                             "tokenizer_class",
                                             "torch_dtype",
                                             "torchscript",
                                             "transformers_version",
                                             "use_bfloat16",
                                             "use_cache",
                                             "xla_device"};

/// Reads settings one by one and remembers which keys were asked for.
class Settings {
public:
  explicit Settings(const JsonView& root) : root_(root) {}

  bool has(std::string_view key) {
    known_.push_back(key);
    return root_.has(key);
  }

  /// The value of a key; `otherwise` if it is not there.
  std::int64_t integer(std::string_view key, std::int64_t otherwise, std::int64_t least, std::int64_t most) {
    return has(key) ? root_.at(key).integer(least, most) : otherwise;
  }

  bool boolean(std::string_view key, bool otherwise) { return has(key) ? root_.at(key).boolean() : otherwise; }

  double number(std::string_view key, double otherwise, double least, double below) {
    if (!has(key))
      return otherwise;
    const double value = root_.at(key).number();
    if (!(value >= least && value < below))
      root_.at(key).fail("is not at least " + text(least) + " and below " + text(below), kRemedy);
    return value;
  }

  std::string activation(std::string_view key, const std::string& otherwise) {
    if (!has(key))
      return otherwise;
    std::string value = root_.at(key).string();
    if (value == "gelu_python") // the same function, written in Python
      return "gelu";
    if (std::find(std::begin(kActivations), std::end(kActivations), value) != std::end(kActivations))
      return value;
    std::string names;
    for (const std::string_view name : kActivations)
      names += (names.empty() ? "" : ", ") + std::string(name);
    root_.at(key).fail("is the unknown activation \"" + value + "\"", "The network supports " + names);
  }

  JsonView at(std::string_view key) const { return root_.at(key); }

  /// Refuses a value that contradicts another one.
  [[noreturn]] void contradiction(std::string_view key, const std::string& problem) const {
    // An absent key has a default, which may be the cause.
    if (root_.has(key))
      root_.at(key).fail(problem, kRemedy);
    root_.fail("has no \"" + std::string(key) + "\", and its default " + problem, kRemedy);
  }

  std::vector<std::string> unknown_keys() const {
    std::vector<std::string> unknown;
    for (const auto& [key, value] : root_.members())
      if (std::find(known_.begin(), known_.end(), key) == known_.end() &&
          std::find(std::begin(kBookkeeping), std::end(kBookkeeping), key) == std::end(kBookkeeping))
        unknown.push_back(key);
    return unknown;
  }

private:
  static std::string text(double value) {
    std::string digits = std::to_string(value); // "0.100000"
    digits.erase(digits.find_last_not_of('0') + 1);
    return digits.back() == '.' ? digits + "0" : digits;
  }

  inline static const std::string kRemedy = "Get config.json from the checkpoint's source again";

  const JsonView& root_;
  std::vector<std::string_view> known_;
};

/// "p2c|c2p" -> {"p2c", "c2p"}, without the spaces around, in lower case.
std::vector<std::string> split_words(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == '|')
      words.emplace_back();
    else if (c != ' ')
      words.back() += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return words;
}

void read_pos_att_type(Settings& settings, DebertaConfig& config) {
  if (!settings.has("pos_att_type"))
    return;
  const JsonView view = settings.at("pos_att_type");
  std::vector<std::string> words;
  if (view.json().is_string())
    words = split_words(view.string());
  else
    for (std::size_t i = 0; i < view.size(); ++i)
      words.push_back(view.at(i).string());
  for (const std::string& word : words) {
    if (word == "c2p")
      config.c2p = true;
    else if (word == "p2c")
      config.p2c = true;
    else if (word != "none" && !word.empty())
      view.fail("has the unknown element \"" + word + "\"", "The network supports c2p and p2c");
  }
}

void read_norm_rel_ebd(Settings& settings, DebertaConfig& config) {
  if (!settings.has("norm_rel_ebd"))
    return;
  for (const std::string& word : split_words(settings.at("norm_rel_ebd").string())) {
    if (word == "layer_norm")
      config.normalize_relative_embeddings = true;
    else if (word != "none" && !word.empty())
      settings.at("norm_rel_ebd")
          .fail("has the unknown element \"" + word + "\"", "The network supports layer_norm and none");
  }
}

void read_sizes(Settings& settings, DebertaConfig& config) {
  config.vocab_size = settings.integer("vocab_size", config.vocab_size, 1, kMaxVocabulary);
  config.hidden_size = settings.integer("hidden_size", config.hidden_size, 1, kMaxWidth);
  config.num_hidden_layers = settings.integer("num_hidden_layers", config.num_hidden_layers, 1, kMaxLayers);
  config.num_attention_heads = settings.integer("num_attention_heads", config.num_attention_heads, 1, kMaxWidth);
  config.intermediate_size = settings.integer("intermediate_size", config.intermediate_size, 1, kMaxWidth);
  config.embedding_size = config.pooler_hidden_size = config.hidden_size;
  config.embedding_size = settings.integer("embedding_size", config.embedding_size, 1, kMaxWidth);
  config.type_vocab_size = settings.integer("type_vocab_size", config.type_vocab_size, 0, kMaxPositions);
  config.max_position_embeddings =
      settings.integer("max_position_embeddings", config.max_position_embeddings, 1, kMaxPositions);
  config.pooler_hidden_size = settings.integer("pooler_hidden_size", config.pooler_hidden_size, 1, kMaxWidth);

  if (config.hidden_size % config.num_attention_heads != 0)
    settings.contradiction("num_attention_heads", "(" + std::to_string(config.num_attention_heads) +
                                                      ") does not divide hidden_size (" +
                                                      std::to_string(config.hidden_size) + ")");
  // The reference feeds heads of that size into a layer of width hidden_size, so only one value works.
  if (settings.integer("attention_head_size", config.head_dim(), 1, kMaxWidth) != config.head_dim())
    settings.contradiction("attention_head_size",
                           "is not hidden_size / num_attention_heads (" + std::to_string(config.head_dim()) + ")");
  if (config.pooler_hidden_size != config.hidden_size)
    settings.contradiction("pooler_hidden_size", "is not hidden_size (" + std::to_string(config.hidden_size) + ")");
}

void read_positions(Settings& settings, DebertaConfig& config) {
  config.position_biased_input = settings.boolean("position_biased_input", config.position_biased_input);
  config.relative_attention = settings.boolean("relative_attention", config.relative_attention);
  config.max_relative_positions =
      settings.integer("max_relative_positions", config.max_relative_positions, -1, kMaxPositions);
  config.position_buckets = settings.integer("position_buckets", config.position_buckets, -1, kMaxPositions);
  read_pos_att_type(settings, config);
  config.share_att_key = settings.boolean("share_att_key", config.share_att_key);
  read_norm_rel_ebd(settings, config);
  // The logarithm of make_log_bucket_position runs from buckets / 2 to the greatest distance: both need room.
  const std::int64_t half = config.position_buckets / 2;
  if (config.relative_attention && config.position_buckets > 0 &&
      (half < 1 || config.max_relative_distance() - 1 <= half))
    settings.contradiction("position_buckets", "(" + std::to_string(config.position_buckets) +
                                                   ") does not fit distances of at most " +
                                                   std::to_string(config.max_relative_distance()));
}

void read_convolution(Settings& settings, DebertaConfig& config) {
  config.conv_kernel_size = settings.integer("conv_kernel_size", config.conv_kernel_size, -1, kMaxPositions);
  config.conv_groups = settings.integer("conv_groups", config.conv_groups, 1, kMaxWidth);
  config.conv_act = settings.activation("conv_act", config.conv_act);
  if (config.conv_kernel_size > 0 && config.conv_kernel_size % 2 == 0)
    settings.contradiction("conv_kernel_size", "is even, so that its output would be shorter than its input");
  if (config.conv_kernel_size > 0 && config.hidden_size % config.conv_groups != 0)
    settings.contradiction("conv_groups", "does not divide hidden_size (" + std::to_string(config.hidden_size) + ")");
}

void read_numbers(Settings& settings, DebertaConfig& config) {
  config.hidden_act = settings.activation("hidden_act", config.hidden_act);
  config.pooler_hidden_act = settings.activation("pooler_hidden_act", config.pooler_hidden_act);
  config.layer_norm_eps = settings.number("layer_norm_eps", config.layer_norm_eps, 0, 1);
  config.hidden_dropout_prob = settings.number("hidden_dropout_prob", config.hidden_dropout_prob, 0, 1);
  config.attention_probs_dropout_prob =
      settings.number("attention_probs_dropout_prob", config.attention_probs_dropout_prob, 0, 1);
  config.pooler_dropout = settings.number("pooler_dropout", config.pooler_dropout, 0, 1);
  if (settings.has("cls_dropout"))
    config.cls_dropout = settings.number("cls_dropout", 0, 0, 1);
  config.initializer_range = settings.number("initializer_range", config.initializer_range, 0, 1000);
  if (settings.has("pruned_heads") && !settings.at("pruned_heads").json().empty())
    settings.contradiction("pruned_heads", "asks for pruned heads, which the library's DeBERTa does not have either");
}

} // namespace

DebertaConfig parse_deberta_config(const JsonView& root) {
  const std::string model_type = root.at("model_type").string();
  if (model_type != kModelType)
    root.at("model_type")
        .fail("is \"" + model_type + "\", but sciexam runs " + std::string(kModelType) + " only",
              "Give a checkpoint of DeBERTa-v2 or DeBERTa-v3");
  DebertaConfig config;
  Settings settings(root);
  settings.has("model_type");
  read_sizes(settings, config);
  read_positions(settings, config);
  read_convolution(settings, config);
  read_numbers(settings, config);
  config.unknown_keys = settings.unknown_keys();
  return config;
}

DebertaConfig read_deberta_config(const std::filesystem::path& file) {
  return parse_deberta_config(JsonDocument::from_file(file).root());
}

double DebertaConfig::attention_scale() const {
  const float terms = 1.0F + static_cast<float>(c2p) + static_cast<float>(p2c);
  return 1.0 / static_cast<double>(std::sqrt(static_cast<float>(head_dim()) * terms));
}

} // namespace sciexam::inline checkpoint
