package dev.skein.state.ratis;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Durable state that must not be served: damaged, incomplete, of another cluster or of a newer
/// format. Names the file.
public final class RaftStorageException extends IOException {
  private static final long serialVersionUID = 1L;
  private final transient Path file;

  /// @param file what is wrong
  /// @param problem how it is wrong and what to do, to follow the file's name
  public RaftStorageException(Path file, String problem, @Nullable Throwable cause) {
    super(file + " " + problem, cause);
    this.file = file;
  }

  /// The offending file.
  public Path file() {
    return file;
  }
}
