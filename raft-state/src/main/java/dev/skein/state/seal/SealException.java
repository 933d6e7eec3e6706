package dev.skein.state.seal;

import java.io.IOException;

/// Sealed data that cannot be opened: altered, truncated, of a newer format, or under a key that is
/// not in the keyring. Whoever gets it must not use any part of the data.
public final class SealException extends IOException {
  /// @param message what was wrong and what to do
  public SealException(String message) {
    super(message);
  }

  /// @param message what was wrong and what to do
  /// @param cause the cryptographic failure
  public SealException(String message, Throwable cause) {
    super(message, cause);
  }
}
