package dev.skein.cli.command;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// A command of the program: a group of commands, or one that does something.
public sealed interface Command {
  /// A command under its name. The command itself is made only when it is asked for, because each
  /// class that a start does not load makes it faster.
  ///
  /// @param name the word that the user types
  /// @param aliases other words for it
  /// @param summary one line for the help of the group
  /// @param command makes the command
  record Entry(String name, List<String> aliases, String summary, Supplier<Command> command) {
    /// An entry without aliases.
    public Entry(String name, String summary, Supplier<Command> command) {
      this(name, List.of(), summary, command);
    }
  }

  /// A group.
  ///
  /// @param description one sentence for its help
  /// @param entries its commands, in the order of the help
  record Group(String description, List<Entry> entries) implements Command {}

  /// What a command does.
  @FunctionalInterface
  interface Action {
    /// Does it.
    ///
    /// @return the exit code, see [dev.skein.cli.ExitCode]
    /// @throws UsageException if options and arguments do not go together
    int run(CommandContext context, Arguments arguments) throws IOException;
  }

  /// What the arguments of a command name, for completion.
  enum Naming {
    /// Nothing that can be listed.
    NOTHING,
    /// Nodes.
    NODES,
    /// Services.
    SERVICES,
    /// Fixed words: those of [Leaf#words].
    WORDS
  }

  /// A command that does something.
  ///
  /// @param usage what follows its name: `[OPTIONS] NODE [NODE...]`
  /// @param description what it does, in whole sentences
  /// @param flags its options
  /// @param interspersed whether options may follow arguments
  /// @param argumentsMin the least number of arguments
  /// @param argumentsMax the greatest number of arguments
  /// @param examples command lines for the help
  /// @param naming what its arguments name
  /// @param words the fixed words that its arguments can be
  record Leaf(
      String usage,
      String description,
      List<Flag> flags,
      boolean interspersed,
      int argumentsMin,
      int argumentsMax,
      List<String> examples,
      Naming naming,
      List<String> words,
      Action action)
      implements Command {
    /// Starts to describe a command.
    public static Builder of(String usage, String description) {
      return new Builder(usage, description);
    }
  }

  /// Describes a command.
  final class Builder {
    private final String usage;
    private final String description;
    private final List<Flag> flags = new ArrayList<>();
    private final List<String> examples = new ArrayList<>();
    private boolean interspersed = true;
    private int min;
    private int max;
    private Naming naming = Naming.NOTHING;
    private List<String> words = List.of();

    private Builder(String usage, String description) {
      this.usage = usage;
      this.description = description;
    }

    /// Adds options.
    public Builder flags(Flag... more) {
      flags.addAll(List.of(more));
      return this;
    }

    /// Adds options.
    public Builder flags(List<Flag> more) {
      flags.addAll(more);
      return this;
    }

    /// Says how many arguments there are.
    public Builder arguments(int least, int most) {
      min = least;
      max = most;
      return this;
    }

    /// Everything after the first argument is an argument too.
    public Builder optionsFirst() {
      interspersed = false;
      return this;
    }

    /// Says what the arguments name.
    public Builder naming(Naming what) {
      naming = what;
      return this;
    }

    /// Says which words the arguments can be.
    public Builder words(String... all) {
      naming = Naming.WORDS;
      words = List.of(all);
      return this;
    }

    /// Adds command lines to the help.
    public Builder examples(String... lines) {
      examples.addAll(List.of(lines));
      return this;
    }

    /// Says what it does.
    public Leaf does(Action action) {
      return new Leaf(
          usage, description, flags, interspersed, min, max, examples, naming, words, action);
    }
  }
}
