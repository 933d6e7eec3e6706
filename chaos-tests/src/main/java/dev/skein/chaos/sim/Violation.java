package dev.skein.chaos.sim;

/// Something that must never be, or that should have come about and has not.
public final class Violation extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Violation(String message) {
    super(message);
  }
}
