package dev.skein.state;

import java.io.IOException;

/// A snapshot that cannot be loaded. A manager that meets one refuses to serve.
public final class SnapshotException extends IOException {
  private static final long serialVersionUID = 1L;

  public SnapshotException(String message) {
    super(message);
  }
}
