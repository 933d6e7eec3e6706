package dev.skein.api;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Where the API listens and what it says of its program.
///
/// @param socket the unix socket's path
/// @param tls where it listens over TCP as well, or null for the socket alone
/// @param stateDirectory where the daemon keeps its state; only shown
/// @param version this program's version; only shown
public record ApiConfig(
    Path socket, @Nullable Tls tls, Path stateDirectory, String version, ApiLimits limits) {

  /// A TCP listener: TLS 1.3 only, and only for clients whose certificate the CA signed.
  ///
  /// @param address port 0 takes any free one
  /// @param ca PEM of the authority that client certificates must come from
  /// @param certificate PEM of the server's own chain
  /// @param key PEM (PKCS#8) of its key
  public record Tls(InetSocketAddress address, Path ca, Path certificate, Path key) {}

  /// The socket alone, with the default limits.
  public static ApiConfig of(Path socket, Path stateDirectory, String version) {
    return new ApiConfig(socket, null, stateDirectory, version, ApiLimits.DEFAULT);
  }

  public ApiConfig withTls(Tls tls) {
    return new ApiConfig(socket, tls, stateDirectory, version, limits);
  }

  public ApiConfig withLimits(ApiLimits limits) {
    return new ApiConfig(socket, tls, stateDirectory, version, limits);
  }
}
