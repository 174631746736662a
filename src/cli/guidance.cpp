#include "cli/guidance.hpp"

#include "cli/help_format.hpp"

#include <algorithm>

namespace sciexam::inline cli {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands_of(app))
    names.push_back(command->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames())
      names.push_back("--" + name);
  return names;
}

/// Restricted Damerau-Levenshtein distance.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      std::size_t& here = table[i][j];
      if (i == 0 || j == 0) {
        here = i + j;
        continue;
      }
      here = std::min({table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        here = std::min(here, table[i - 2][j - 2] + 1);
    }
  return table[a.size()][b.size()];
}

std::string meant(const std::string& word, const std::vector<std::string>& candidates, const std::string& remedy) {
  const std::string near = nearest(word, candidates);
  return near.empty() ? remedy : "Did you mean " + near + "? " + remedy;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

} // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t least = word.size() / 3 + 1;
  for (const std::string& candidate : candidates)
    if (const std::size_t changes = distance(word, candidate); changes < least) {
      least = changes;
      best = candidate;
    }
  return best;
}

std::vector<const CLI::App*> named_commands(const CLI::App& app, const std::vector<std::string>& words) {
  std::vector<const CLI::App*> named = {&app};
  for (const std::string& word : words) {
    const std::vector<const CLI::App*> commands = commands_of(*named.back());
    const auto found =
        std::find_if(commands.begin(), commands.end(), [&](const CLI::App* each) { return each->check_name(word); });
    if (found != commands.end())
      named.push_back(*found);
    else if (named.size() == 1)
      break; // a command is the first word
  }
  return named;
}

std::optional<std::string> unknown_word(const CLI::App& app, const std::vector<std::string>& words) {
  const std::vector<const CLI::App*> commands = named_commands(app, words);
  if (!words.empty() && commands.size() == 1 && !words.front().starts_with('-'))
    return "'" + words.front() + "' is not a command. " +
           meant(words.front(), command_names(app), "sciexam-run --help lists them");
  if (commands.size() == 1 && std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return named_commands(app, {word}).size() > 1;
      }))
    return std::nullopt; // options before a command: CLI11 knows whose they are
  std::string name_of_command;
  std::vector<std::string> known = option_names(app);
  if (commands.size() > 1)
    known.clear();
  for (auto command = commands.begin() + 1; command != commands.end(); ++command) {
    name_of_command += (name_of_command.empty() ? "" : " ") + (*command)->get_name();
    for (const std::string& name : option_names(**command))
      known.push_back(name);
  }
  const std::string of = name_of_command.empty() ? "" : " of " + name_of_command,
                    help = "sciexam-run " + name_of_command + (of.empty() ? "" : " ") + "--help lists them";
  const auto refusal = [&](const std::string& name) {
    return name + " is not an option" + of + ". " + meant(name, known, help);
  };
  for (const std::string& word : words) {
    if (word == "--")
      break;
    const std::string name = word.substr(0, word.find('='));
    if (name.starts_with("--") && std::find(known.begin(), known.end(), name) == known.end())
      return refusal(name);
  }
  return std::nullopt;
}

std::string first_steps() {
  return "To begin with:\n"
         "  sciexam-run --demo      answers a small exam from a small encyclopedia, all inside the program\n"
         "  sciexam-run doctor      what this machine has: CPU, memory, GPUs, packages, indexes\n"
         "  sciexam-run --help      commands and options: train makes the models, pack the package that answers,\n"
         "                          index the passages that it reads\n";
}

std::string bash_completion(const CLI::App& app) {
  const auto options_of = [](const std::string& pattern, const std::string& names) {
    return "      " + pattern + ") options=\"" + names + "\" ;;\n";
  };
  std::string choices;
  const auto add_choices = [&](const CLI::App& command, const std::string& name) {
    for (const CLI::Option* option : command.get_options())
      if (const std::vector<std::string> values = choices_of(*option); !values.empty())
        choices += "    " + name + ",--" + option->get_lnames().front() + ") choices=\"" + joined(values) + "\" ;;\n";
  };
  add_choices(app, "");
  std::string by_command;
  for (const CLI::App* command : commands_of(app)) {
    const std::string name = command->get_name();
    std::string all = joined(option_names(*command));
    add_choices(*command, name);
    for (const CLI::App* part : commands_of(*command)) {
      all += " " + joined(option_names(*part));
      add_choices(*part, name);
    }
    by_command += options_of(name, all);
  }
  return "# Completes sciexam-run in bash. For this shell: source <(./sciexam-run completion)\n"
         "_sciexam_run() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' choices='' "
         "options=''\n"
         "  [ \"$COMP_CWORD\" -eq 1 ] || command=${COMP_WORDS[1]}\n"
         "  [ \"$command\" != --train ] || command=train\n"
         "  case $command in -*) command='' ;; esac\n"
         "  case $command,$before in\n" +
         choices +
         "  esac\n"
         "  if [ -n \"$choices\" ]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$choices\" -- \"$word\")\n"
         "  elif [[ $word = -* ]]; then\n"
         "    case $command in\n" +
         by_command + options_of("*", joined(option_names(app))) +
         "    esac\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
         "  elif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"" +
         joined(command_names(app)) +
         "\" -- \"$word\")\n"
         "  fi\n"
         "}\n"
         "complete -o default -F _sciexam_run sciexam-run ./sciexam-run\n";
}

} // namespace sciexam::inline cli
