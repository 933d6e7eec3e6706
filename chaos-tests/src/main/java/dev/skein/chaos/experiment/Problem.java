package dev.skein.chaos.experiment;

/// Something that is wrong with an experiment's file.
///
/// @param line from 1
/// @param message what is wrong, with the value, and what is possible
public record Problem(int line, String message) {

  /// As compilers write it.
  public String in(String file) {
    return "%s:%d: %s".formatted(file, line, message);
  }
}
