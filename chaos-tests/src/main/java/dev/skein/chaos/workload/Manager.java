package dev.skein.chaos.workload;

import dev.skein.cli.client.Endpoint;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.TlsFiles;
import org.jspecify.annotations.Nullable;

/// A manager as clients know it: a name and where its API is. It may be down, or hang.
///
/// @param tls for an endpoint that asks for a certificate; null for none
public record Manager(String name, Endpoint endpoint, @Nullable TlsFiles tls) {

  /// A manager that asks for no certificate.
  public Manager(String name, Endpoint endpoint) {
    this(name, endpoint, null);
  }

  /// A client of it, with one connection; the caller closes it.
  ///
  /// @param answerSeconds how long an answer may take
  public EngineClient client(int answerSeconds) {
    return new EngineClient(endpoint, tls, answerSeconds);
  }
}
