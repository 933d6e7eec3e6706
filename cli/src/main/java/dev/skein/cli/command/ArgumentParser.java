package dev.skein.cli.command;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads options and arguments by the rules of GNU and of Docker's own parser: `--name value`,
/// `--name=value`, `-n value`, `-nvalue`, `-abc` for switches, `--` ends the options.
///
/// It is written by hand because it runs at each start: a general library costs more than all the
/// rest of a command (`docs/cli.md` gives the figures).
final class ArgumentParser {
  private final List<Flag> flags;
  private final boolean interspersed;
  private final Arguments parsed = new Arguments();

  /// @param interspersed whether options may follow arguments
  ArgumentParser(List<Flag> flags, boolean interspersed) {
    this.flags = flags;
    this.interspersed = interspersed;
  }

  /// @throws UsageException for an unknown option, a missing or a bad value
  Arguments parse(List<String> words) {
    int at = 0;
    while (at < words.size()) {
      String word = words.get(at++);
      if (word.equals("--")) {
        parsed.separator();
        words.subList(at, words.size()).forEach(parsed::argument);
        break;
      }
      if (word.startsWith("--")) {
        at = longOption(word, words, at);
      } else if (word.length() > 1 && word.charAt(0) == '-') {
        at = shortOptions(word, words, at);
      } else {
        parsed.argument(word);
        if (!interspersed) {
          words.subList(at, words.size()).forEach(parsed::argument);
          break;
        }
      }
    }
    return parsed;
  }

  private int longOption(String word, List<String> words, int next) {
    int equals = word.indexOf('=');
    String name = word.substring(2, equals < 0 ? word.length() : equals);
    Flag flag = named(name);
    if (flag == null) {
      String near = Suggestion.nearest(name, flags.stream().map(Flag::name).toList());
      throw new UsageException(
          "unknown flag: --" + name + (near == null ? "" : ". Did you mean --" + near + "?"));
    }
    if (equals >= 0) {
      set(flag, word.substring(equals + 1));
      return next;
    }
    if (flag.isSwitch()) {
      set(flag, "true");
      return next;
    }
    if (next >= words.size()) {
      throw new UsageException("flag needs an argument: --" + name);
    }
    set(flag, words.get(next));
    return next + 1;
  }

  private int shortOptions(String word, List<String> words, int next) {
    for (int i = 1; i < word.length(); i++) {
      char letter = word.charAt(i);
      Flag flag = lettered(letter);
      if (flag == null) {
        throw new UsageException("unknown shorthand flag: '" + letter + "' in " + word);
      }
      if (flag.isSwitch() && !word.startsWith("=", i + 1)) {
        set(flag, "true");
        continue;
      }
      if (i + 1 < word.length()) {
        set(flag, word.substring(word.charAt(i + 1) == '=' ? i + 2 : i + 1));
        return next;
      }
      if (next >= words.size()) {
        throw new UsageException("flag needs an argument: '" + letter + "' in " + word);
      }
      set(flag, words.get(next));
      return next + 1;
    }
    return next;
  }

  private void set(Flag flag, String text) {
    try {
      parsed.option(flag, flag.reader().apply(text));
    } catch (IllegalArgumentException e) {
      throw new UsageException(
          "invalid argument \"" + text + "\" for \"" + flag.label() + "\" flag: " + e.getMessage());
    }
  }

  private @Nullable Flag named(String name) {
    for (Flag flag : flags) {
      if (flag.name().equals(name)) {
        return flag;
      }
    }
    return null;
  }

  private @Nullable Flag lettered(char letter) {
    for (Flag flag : flags) {
      if (flag.shorthand() == letter) {
        return flag;
      }
    }
    return null;
  }
}
