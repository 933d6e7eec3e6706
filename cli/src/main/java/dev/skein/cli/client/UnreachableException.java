package dev.skein.cli.client;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// No daemon could be spoken to: nothing listens, the address is refused, TLS failed, the
/// connection broke, or no answer came in time.
public final class UnreachableException extends IOException {
  private static final long serialVersionUID = 1L;

  private final boolean begun;

  /// For a request that the daemon may have got.
  ///
  /// @param message whole sentences for the user
  public UnreachableException(String message, @Nullable Throwable cause) {
    this(message, cause, true);
  }

  /// @param message whole sentences for the user
  /// @param begun whether the daemon may have got the request
  public UnreachableException(String message, @Nullable Throwable cause, boolean begun) {
    super(message, cause);
    this.begun = begun;
  }

  /// Whether the daemon may have got the request, and done it; false: it surely has not.
  public boolean begun() {
    return begun;
  }
}
