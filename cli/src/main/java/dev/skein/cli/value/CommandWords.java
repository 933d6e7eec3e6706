package dev.skein.cli.value;

import java.util.ArrayList;
import java.util.List;

/// Splits a command line into words as a POSIX shell does, without expansion: blanks separate,
/// quotes and backslashes keep.
public final class CommandWords {
  private CommandWords() {}

  /// The words of a command line.
  ///
  /// @throws IllegalArgumentException if a quote is not closed
  public static List<String> split(String text) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean inWord = false;
    char quote = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quote == '\'') {
        if (c == quote) {
          quote = 0;
        } else {
          word.append(c);
        }
      } else if (c == '\\' && i + 1 < text.length()) {
        char next = text.charAt(++i);
        // Between double quotes a backslash keeps only what would have a meaning there.
        if (quote == '"' && next != '"' && next != '\\' && next != '$' && next != '`') {
          word.append(c);
        }
        word.append(next);
        inWord = true;
      } else if (quote == '"') {
        if (c == quote) {
          quote = 0;
        } else {
          word.append(c);
        }
      } else if (c == '"' || c == '\'') {
        quote = c;
        inWord = true;
      } else if (c == ' ' || c == '\t' || c == '\n') {
        if (inWord) {
          words.add(word.toString());
          word.setLength(0);
          inWord = false;
        }
      } else {
        word.append(c);
        inWord = true;
      }
    }
    if (quote != 0) {
      throw new IllegalArgumentException("the quote " + quote + " is not closed in: " + text);
    }
    if (inWord) {
      words.add(word.toString());
    }
    return words;
  }
}
