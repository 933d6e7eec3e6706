package dev.skein.api;

import dev.skein.api.http.ApiVersion;
import dev.skein.api.http.HttpServer;
import dev.skein.api.http.Router;
import dev.skein.api.http.WarmUp;
import dev.skein.api.route.RouteTable;
import io.grpc.Channel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The public API of one daemon. It serves from construction to `close`, whatever the node is
/// meanwhile: what needs a manager is refused elsewhere with what to do. Any thread.
public final class ApiServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ApiServer.class);
  private static final List<String> WARM_UP_PATHS =
      List.of("/_ping", "/skein/v1/node", "/v1.47/nodes", "/v1.47/services?status=true", "/info");

  private final Path socket;
  private final HttpServer http;
  private final @Nullable InetSocketAddress tlsAddress;

  /// Listens at once.
  ///
  /// @param control reaches the leader's control API whenever `node` is a manager; closed by its
  ///     owner
  /// @param random names the services that were created without a name
  /// @throws IOException when it can't listen: another daemon answers there, the path is no
  ///     socket's, the port is taken, the certificates can't be used
  public ApiServer(
      ApiConfig config,
      Channel control,
      LocalNode node,
      InstantSource clock,
      RandomGenerator random)
      throws IOException {
    socket = config.socket();
    var router = new Router(RouteTable.of(config, control, node, clock, random));
    http = new HttpServer(config.limits(), router, headers(config));
    try {
      http.listenUnix(config.socket());
      tlsAddress = config.tls() == null ? null : http.listenTls(config.tls());
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private static Map<String, String> headers(ApiConfig config) {
    return Map.of(
        "Api-Version",
        ApiVersion.MAX.toString(),
        "Docker-Experimental",
        "false",
        "Ostype",
        "linux",
        "Server",
        "Skein/" + config.version() + " (linux)");
  }

  /// Where it listens over TLS, with the port that was chosen for 0; null when it doesn't.
  public @Nullable InetSocketAddress tlsAddress() {
    return tlsAddress;
  }

  /// Has the server answer a few harmless requests of its own, so that the first user's is fast.
  /// Blocks meanwhile: for a thread of its own, once the daemon is up. Failing, it changes nothing.
  public void warmUp() {
    try {
      WarmUp.ask(socket, WARM_UP_PATHS);
    } catch (IOException e) {
      LOG.debug("the API was not warmed up: {}", e.toString());
    }
  }

  /// Ends all connections and removes the socket.
  @Override
  public void close() throws IOException {
    http.close();
  }
}
