package dev.skein.cli.command;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// Reads options and arguments with picocli, by the rules of GNU and of Docker's own parser:
/// `--name value`, `--name=value`, `-n value`, `-nvalue`, `-abc` for switches, `--` ends the
/// options.
///
/// Only the command that was called is ever described to picocli, and without annotations: it is
/// read at each start, and all commands together would take longer than the rest of the work.
final class ArgumentParser {
  private static final String END_OF_OPTIONS = "--";

  private final List<Flag> flags;
  private final boolean interspersed;

  /// @param interspersed whether options may follow arguments
  ArgumentParser(List<Flag> flags, boolean interspersed) {
    this.flags = flags;
    this.interspersed = interspersed;
  }

  /// Reads a command's words.
  ///
  /// @throws UsageException for an unknown option, a missing or a bad value
  Arguments parse(List<String> words) {
    int end = interspersed ? words.indexOf(END_OF_OPTIONS) : -1;
    List<String> read = end < 0 ? words : words.subList(0, end);
    Arguments parsed = new Arguments();
    try {
      // Words are taken as they are: no @files.
      CommandLine line = new CommandLine(spec()).setExpandAtFiles(false);
      CommandLine.ParseResult result = line.parseArgs(read.toArray(String[]::new));
      for (Flag flag : flags) {
        OptionSpec option = result.matchedOption(END_OF_OPTIONS + flag.name());
        if (option != null) {
          set(parsed, flag, option);
        }
      }
      List<String> arguments = interspersed ? positional(result) : result.unmatched();
      requireArgument(arguments);
      arguments.forEach(parsed::argument);
    } catch (UnmatchedArgumentException e) {
      throw unknown(e.getUnmatched().getFirst());
    } catch (MissingParameterException e) {
      ArgSpec missing = e.getMissing().isEmpty() ? e.getArgSpec() : e.getMissing().getFirst();
      throw new UsageException(
          "flag needs an argument: "
              + (missing instanceof OptionSpec option ? option.longestName() : e.getMessage()));
    } catch (ParameterException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
    if (end >= 0) {
      parsed.separator();
      words.subList(end + 1, words.size()).forEach(parsed::argument);
    }
    return parsed;
  }

  private CommandSpec spec() {
    CommandSpec spec = CommandSpec.create();
    spec.parser()
        .overwrittenOptionsAllowed(true)
        .allowOptionsAsOptionParameters(true)
        .unmatchedOptionsArePositionalParams(false)
        // What follows the first argument is another command's.
        .unmatchedArgumentsAllowed(!interspersed)
        .stopAtUnmatched(!interspersed);
    for (Flag flag : flags) {
      String name = END_OF_OPTIONS + flag.name();
      OptionSpec.Builder option =
          flag.shorthand() == 0
              ? OptionSpec.builder(name)
              : OptionSpec.builder(name, "-" + flag.shorthand());
      spec.addOption(
          flag.isSwitch()
              ? option.type(boolean.class).arity("0..1").build()
              : option.type(List.class).auxiliaryTypes(String.class).arity("1").build());
    }
    if (interspersed) {
      spec.addPositional(
          PositionalParamSpec.builder().type(List.class).auxiliaryTypes(String.class).build());
    }
    return spec;
  }

  private static List<String> positional(CommandLine.ParseResult result) {
    return result.matchedPositionals().stream()
        .flatMap(matched -> matched.originalStringValues().stream())
        .toList();
  }

  /// What stopped the reading must be an argument and no option.
  private void requireArgument(List<String> arguments) {
    if (!interspersed && !arguments.isEmpty()) {
      String first = arguments.getFirst();
      if (first.length() > 1 && first.startsWith("-") && !first.equals(END_OF_OPTIONS)) {
        throw unknown(first);
      }
    }
  }

  private UsageException unknown(String word) {
    if (!word.startsWith(END_OF_OPTIONS)) {
      return new UsageException(
          "unknown shorthand flag: '"
              + word.charAt(Math.min(1, word.length() - 1))
              + "' in "
              + word);
    }
    int equals = word.indexOf('=');
    String name = word.substring(2, equals < 0 ? word.length() : equals);
    String near = Suggestion.nearest(name, flags.stream().map(Flag::name).toList());
    return new UsageException(
        "unknown flag: --" + name + (near == null ? "" : ". Did you mean --" + near + "?"));
  }

  private static void set(Arguments parsed, Flag flag, OptionSpec option) {
    List<String> given = option.originalStringValues();
    // A switch without a value has none, or an empty one.
    List<String> texts = given.isEmpty() ? List.of("") : given;
    for (String text : texts) {
      String value = flag.isSwitch() && text.isEmpty() ? "true" : text;
      try {
        parsed.option(flag, flag.reader().apply(value));
      } catch (IllegalArgumentException e) {
        throw new UsageException(
            "invalid argument \""
                + value
                + "\" for \""
                + flag.label()
                + "\" flag: "
                + e.getMessage());
      }
    }
  }
}
