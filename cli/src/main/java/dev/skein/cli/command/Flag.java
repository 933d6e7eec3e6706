package dev.skein.cli.command;

import java.util.List;
import java.util.function.Function;

/// An option of a command.
///
/// @param name the long name, without dashes
/// @param shorthand its letter, or 0 for none
/// @param type what the help calls its value; empty for a switch
/// @param description one sentence for the help
/// @param repeatable whether each use adds a value; otherwise the last one counts
/// @param fallback what holds when it is not given, for the help only; empty if that is obvious
/// @param choices all values that it takes, or empty when these can't be listed
/// @param reader turns the text into the value, throwing IllegalArgumentException for a bad one
public record Flag(
    String name,
    char shorthand,
    String type,
    String description,
    boolean repeatable,
    String fallback,
    List<String> choices,
    Function<String, ?> reader) {

  /// An option without value (`--name` or `--name=false`).
  public static Flag bool(String name, char shorthand, String description) {
    return new Flag(name, shorthand, "", description, false, "", List.of(), Flag::readBoolean);
  }

  /// An option with one text.
  public static Flag string(String name, char shorthand, String type, String description) {
    return new Flag(name, shorthand, type, description, false, "", List.of(), text -> text);
  }

  /// An option with one value of a kind.
  public static Flag of(String name, String type, String description, Function<String, ?> reader) {
    return new Flag(name, (char) 0, type, description, false, "", List.of(), reader);
  }

  /// An option that can be given several times.
  public static Flag list(String name, char shorthand, String type, String description) {
    return new Flag(name, shorthand, type, description, true, "", List.of(), text -> text);
  }

  /// An option that takes one of a few words.
  public static Flag choice(String name, String description, String... choices) {
    List<String> all = List.of(choices);
    return new Flag(
        name,
        (char) 0,
        "string",
        description,
        false,
        "",
        all,
        text -> {
          if (!all.contains(text)) {
            throw new IllegalArgumentException("must be one of " + String.join(", ", all));
          }
          return text;
        });
  }

  /// The option, read so.
  public Flag reading(Function<String, ?> other) {
    return new Flag(name, shorthand, type, description, repeatable, fallback, choices, other);
  }

  /// The option, with what the help gives as its default.
  public Flag byDefault(String text) {
    return new Flag(name, shorthand, type, description, repeatable, text, choices, reader);
  }

  /// The option under another name, for the `-add` and `-rm` forms.
  public Flag named(String other, String otherDescription) {
    return new Flag(other, (char) 0, type, otherDescription, repeatable, "", choices, reader);
  }

  /// Whether the option takes no value.
  public boolean isSwitch() {
    return type.isEmpty();
  }

  /// The option as messages call it: `-q, --quiet`.
  public String label() {
    return shorthand == 0 ? "--" + name : "-" + shorthand + ", --" + name;
  }

  /// Reads a whole number from 0.
  public static Long readUnsigned(String text) {
    try {
      long value = Long.parseLong(text);
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new IllegalArgumentException("must be a whole number, 0 or more");
  }

  /// Reads a whole number from 1.
  public static Long readPositive(String text) {
    long value = readUnsigned(text);
    if (value == 0) {
      throw new IllegalArgumentException("must be 1 or more");
    }
    return value;
  }

  /// Reads a share, from 0 to 1.
  public static Double readRatio(String text) {
    try {
      double value = Double.parseDouble(text);
      if (value >= 0 && value <= 1) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new IllegalArgumentException("must be a number from 0 to 1");
  }

  /// Reads a truth value as Go does.
  public static Boolean readBoolean(String text) {
    return switch (text) {
      case "1", "t", "T", "true", "TRUE", "True" -> true;
      case "0", "f", "F", "false", "FALSE", "False" -> false;
      default -> throw new IllegalArgumentException("must be true or false");
    };
  }
}
