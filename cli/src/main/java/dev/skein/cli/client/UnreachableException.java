package dev.skein.cli.client;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// No daemon could be spoken to: nothing listens, the address is refused, TLS failed, the
/// connection
/// broke, or no answer came in time.
public final class UnreachableException extends IOException {
  private static final long serialVersionUID = 1L;

  /// @param message whole sentences for the user
  public UnreachableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
