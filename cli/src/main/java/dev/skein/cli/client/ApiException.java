package dev.skein.cli.client;

import java.io.IOException;

/// The daemon answered with an error.
public final class ApiException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;

  /// @param status HTTP status code, 400 and up
  /// @param message the daemon's own words
  public ApiException(int status, String message) {
    super(message);
    this.status = status;
  }

  /// HTTP status code of the answer.
  public int status() {
    return status;
  }
}
