// sciexam-run tokenize: JSON lines in, token ids out.
#include "answer/locate.hpp"
#include "cli/commands.hpp"
#include "support/errors.hpp"
#include "support/messages/progress.hpp"
#include "support/text/json.hpp"
#include "tokenizer/checkpoint_vocabulary.hpp"
#include "tokenizer/tokenizer.hpp"

#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

namespace sciexam::inline cli {
namespace {

constexpr const char* kInput = "standard input";

EncodeOptions encode_options(const JsonView& line) {
  EncodeOptions options;
  if (line.has("add_special_tokens"))
    options.add_special_tokens = line.at("add_special_tokens").boolean();
  if (line.has("max_length")) {
    options.max_length = static_cast<int>(line.at("max_length").integer(1, 1 << 30));
    options.truncation = Truncation::longest_first;
  }
  return options;
}

/// {"text": .., "pair": ..} -> {"ids": [..]}; optional members: add_special_tokens, max_length.
std::string tokenize_line(const Tokenizer& tokenizer, const std::string& line, std::size_t row) {
  const JsonDocument document(line, kInput + (", row " + std::to_string(row)));
  const JsonView root = document.root();
  const std::string text = root.at("text").string();
  std::optional<std::string> pair;
  if (root.has("pair"))
    pair = root.at("pair").string();
  return Json{{"ids", tokenizer.encode(text, pair, encode_options(root)).ids}}.dump();
}

void tokenize(const std::string& file) {
  const Vocabulary vocabulary = read_vocabulary(file);
  for (const std::string& note : vocabulary.notes)
    log_line(note);
  const Tokenizer tokenizer = Tokenizer::from_bytes(vocabulary.bytes, vocabulary.source);
  std::string line;
  for (std::size_t row = 1; std::getline(std::cin, line); ++row)
    if (line.find_first_not_of(" \t\r") != std::string::npos)
      std::cout << tokenize_line(tokenizer, line, row) << '\n';
  if (!std::cout.flush())
    throw WorkError("standard output: cannot be written");
}

} // namespace

void add_tokenize(CLI::App& app) {
  const auto file = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("tokenize", "JSON lines {\"text\":.., \"pair\":..} on standard input -> {\"ids\":[..]}");
  command->add_option("--tokenizer", *file, "The vocabulary, spm.model or tokenizer.json")->required();
  command->callback([file] { tokenize(*file); });
}

} // namespace sciexam::inline cli
