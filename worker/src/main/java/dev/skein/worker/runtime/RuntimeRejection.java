package dev.skein.worker.runtime;

import java.io.Serial;

/// This node cannot run the task as specified. The message is for the user.
public final class RuntimeRejection extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  /// A refusal for the reason in `message`.
  public RuntimeRejection(String message) {
    super(message);
  }
}
