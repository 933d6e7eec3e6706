package dev.skein.chaos.fault;

import java.io.IOException;

/// A fault finds nothing to act on just now, and has done nothing: it must be counted neither as
/// injected nor as borne.
public final class NotNowException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String why;

  /// Says what is missing.
  public NotNowException(String why) {
    super(why);
    this.why = why;
  }

  /// What is missing, in words.
  public String why() {
    return why;
  }
}
