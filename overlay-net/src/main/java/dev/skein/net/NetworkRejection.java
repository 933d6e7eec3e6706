package dev.skein.net;

import java.io.Serial;

/// This node cannot give a task the network that it asks for. The message is for the user.
public final class NetworkRejection extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  /// A refusal for the reason in `message`.
  public NetworkRejection(String message) {
    super(message);
  }
}
