package dev.skein.cli.client;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where the daemon's API is served.
public sealed interface Endpoint {
  /// The port of a `tcp://` endpoint that names none.
  int DEFAULT_TCP_PORT = 2376;

  /// A socket in the file system of this host.
  ///
  /// @param path the socket's path
  record Unix(String path) implements Endpoint {
    @Override
    public String toString() {
      return "unix://" + path;
    }
  }

  /// A TCP address.
  ///
  /// @param host name or address, without brackets
  /// @param port 1-65535
  record Tcp(String host, int port) implements Endpoint {
    @Override
    public String toString() {
      return "tcp://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
  }

  /// The endpoint of a socket in the file system.
  static Endpoint unix(Path socket) {
    return new Unix(socket.toString());
  }

  /// The endpoint that the user meant: the flag, else `SKEIN_HOST`, else the socket of this user's
  /// daemon.
  ///
  /// @param flag value of `--host`, or null
  /// @param environment the process's environment
  /// @param root whether the user is root, whose daemon is the host's
  /// @throws IllegalArgumentException if the text is no endpoint; the message names it
  static Endpoint of(@Nullable String flag, Map<String, String> environment, boolean root) {
    String text = flag;
    if (text == null || text.isEmpty()) {
      text = environment.get("SKEIN_HOST");
    }
    if (text != null && !text.isEmpty()) {
      return parse(text);
    }
    if (root) {
      return new Unix("/run/skein/skein.sock");
    }
    String runtime = environment.get("XDG_RUNTIME_DIR");
    if (runtime == null || runtime.isEmpty()) {
      throw new IllegalArgumentException(
          "XDG_RUNTIME_DIR is not set, so there is no default socket: set SKEIN_HOST or give"
              + " --host");
    }
    return new Unix(runtime + "/skein/skein.sock");
  }

  /// Reads `unix:///PATH`, `tcp://HOST[:PORT]` or an absolute path.
  ///
  /// @throws IllegalArgumentException if the text is none of these
  static Endpoint parse(String text) {
    if (text.startsWith("unix://")) {
      String path = text.substring("unix://".length());
      if (path.isEmpty()) {
        throw new IllegalArgumentException("invalid host \"" + text + "\": the path is missing");
      }
      return new Unix(path);
    }
    if (text.startsWith("/")) {
      return new Unix(text);
    }
    if (text.startsWith("tcp://")) {
      return tcp(text, text.substring("tcp://".length()));
    }
    throw new IllegalArgumentException(
        "invalid host \"" + text + "\": use unix:///PATH or tcp://HOST:PORT");
  }

  private static Endpoint tcp(String text, String authority) {
    String host = authority;
    int port = DEFAULT_TCP_PORT;
    int colon = authority.lastIndexOf(':');
    int bracket = authority.lastIndexOf(']');
    // Colons inside of brackets, or several without any, belong to an IPv6 address.
    boolean hasPort =
        bracket >= 0 ? colon == bracket + 1 : colon >= 0 && authority.indexOf(':') == colon;
    if (hasPort) {
      host = authority.substring(0, colon);
      try {
        port = Integer.parseInt(authority.substring(colon + 1));
      } catch (NumberFormatException e) {
        port = -1;
      }
    }
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    if (host.isEmpty()) {
      throw new IllegalArgumentException("invalid host \"" + text + "\": the host name is missing");
    }
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException(
          "invalid host \"" + text + "\": the port must be a number from 1 to 65535");
    }
    return new Tcp(host, port);
  }
}
