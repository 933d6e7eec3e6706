package dev.skein.chaos.workload;

import dev.skein.cli.client.Endpoint;
import dev.skein.cli.client.EngineClient;

/// A manager as clients know it: a name and a control socket. It may be down, or hang.
public record Manager(String name, Endpoint endpoint) {

  /// A client of it, with one connection; the caller closes it.
  ///
  /// @param answerSeconds how long an answer may take
  EngineClient client(int answerSeconds) {
    return new EngineClient(endpoint, null, answerSeconds);
  }
}
