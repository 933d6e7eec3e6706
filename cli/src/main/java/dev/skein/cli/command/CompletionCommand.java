package dev.skein.cli.command;

import com.google.gson.JsonElement;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.command.Command.Entry;
import dev.skein.cli.command.Command.Group;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.format.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/// `skein completion SHELL`, and the hidden command that its scripts call for candidates.
final class CompletionCommand {
  /// The hidden command's name; the words of the line follow, the last being completed.
  static final String CANDIDATES = "__complete";

  private static final int ANSWER_SECONDS = 1;

  private static final String BASH =
      """
      # Completion for skein in bash. Load it: source <(skein completion bash)
      _skein() {
        local IFS=$'\\n'
        COMPREPLY=($(skein __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
      }
      complete -o default -F _skein skein
      """;
  private static final String ZSH =
      """
      #compdef skein
      # Completion for skein in zsh. Load it: source <(skein completion zsh)
      _skein() {
        local -a candidates
        candidates=("${(@f)$(skein __complete "${(@)words[2,$CURRENT]}" 2>/dev/null)}")
        compadd -a candidates
      }
      compdef _skein skein
      """;
  private static final String FISH =
      """
      # Completion for skein in fish. Load it: skein completion fish | source
      function __skein_complete
        set -l words (commandline -opc) (commandline -ct)
        skein __complete $words[2..-1] 2>/dev/null
      end
      complete -c skein -f -a '(__skein_complete)'
      """;

  private CompletionCommand() {}

  static Leaf leaf() {
    return Leaf.of("bash|zsh|fish", "Print a completion script for a shell.")
        .arguments(1, 1)
        .words("bash", "zsh", "fish")
        .examples(
            "source <(skein completion bash)",
            "source <(skein completion zsh)",
            "skein completion fish | source")
        .does(
            (context, arguments) -> {
              context.out().print(script(arguments.argument(0)));
              return ExitCode.SUCCESS;
            });
  }

  private static String script(String shell) {
    return switch (shell) {
      case "bash" -> BASH;
      case "zsh" -> ZSH;
      case "fish" -> FISH;
      default -> throw new UsageException("unknown shell \"" + shell + "\": bash, zsh or fish");
    };
  }

  /// Prints what the last word can become, one to a line.
  static int candidates(CommandContext context, Group root, List<String> words) {
    String last = words.isEmpty() ? "" : words.getLast();
    for (String candidate : all(context, root, words)) {
      if (candidate.startsWith(last)) {
        context.out().println(candidate);
      }
    }
    return ExitCode.SUCCESS;
  }

  private static Iterable<String> all(CommandContext context, Group root, List<String> words) {
    Command command = root;
    int at = 0;
    int end = words.size() - 1;
    while (at < end && command instanceof Group group) {
      String word = words.get(at++);
      if (word.startsWith("-")) {
        at += globalValue(word);
        continue;
      }
      Entry entry = Program.find(group, word);
      if (entry == null) {
        return List.of();
      }
      command = entry.command().get();
    }
    String last = words.isEmpty() ? "" : words.getLast();
    return switch (command) {
      case Group group ->
          last.startsWith("-") && group.equals(root)
              ? names(Program.GLOBAL)
              : group.entries().stream().map(Entry::name).toList();
      case Leaf leaf -> leafCandidates(context, leaf, words.subList(Math.min(at, end), end), last);
    };
  }

  private static int globalValue(String word) {
    for (Flag flag : Program.GLOBAL) {
      if (!flag.isSwitch()
          && (word.equals("--" + flag.name()) || word.equals("-" + flag.shorthand()))) {
        return 1;
      }
    }
    return 0;
  }

  private static Iterable<String> leafCandidates(
      CommandContext context, Leaf leaf, List<String> before, String last) {
    if (!before.isEmpty()) {
      String previous = before.getLast();
      for (Flag flag : leaf.flags()) {
        if (!flag.isSwitch()
            && (previous.equals("--" + flag.name()) || previous.equals("-" + flag.shorthand()))) {
          return flag.choices();
        }
      }
    }
    if (last.startsWith("-")) {
      return names(leaf.flags());
    }
    return switch (leaf.naming()) {
      case NOTHING -> List.of();
      case WORDS -> leaf.words();
      case NODES -> fromDaemon(context, "/nodes", "Description.Hostname");
      case SERVICES -> fromDaemon(context, "/services", "Spec.Name");
    };
  }

  private static List<String> names(List<Flag> flags) {
    List<String> names = new ArrayList<>();
    flags.forEach(flag -> names.add("--" + flag.name()));
    names.add("--help");
    return names;
  }

  private static Iterable<String> fromDaemon(CommandContext context, String target, String path) {
    TreeSet<String> names = new TreeSet<>();
    try (EngineClient client = context.client(ANSWER_SECONDS)) {
      for (JsonElement object : client.list(target)) {
        names.add(Json.text(object, path));
      }
    } catch (IOException noDaemon) {
      // Completion has nothing to offer then; a message would spoil the line being typed.
      return List.of();
    }
    return names;
  }
}
