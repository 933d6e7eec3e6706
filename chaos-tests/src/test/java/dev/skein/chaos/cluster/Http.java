package dev.skein.chaos.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;

/// Calls of a published service, each over a connection of its own, as a client outside the cluster
/// makes them.
public final class Http {

  private static final int TIMEOUT_MS = 10_000;

  private Http() {}

  /// The body of an answer.
  ///
  /// @throws IOException if nobody answers, or with an error
  public static String get(String host, int port, String path) throws IOException {
    var url = URI.create("http://%s:%d%s".formatted(host, port, path)).toURL();
    var connection = (HttpURLConnection) url.openConnection();
    connection.setConnectTimeout(TIMEOUT_MS);
    connection.setReadTimeout(TIMEOUT_MS);
    connection.setRequestProperty("Connection", "close");
    try (var body = connection.getInputStream()) {
      return new String(body.readAllBytes(), UTF_8);
    } finally {
      connection.disconnect();
    }
  }

  /// What `skein whoami` says of itself: `Task`, `Node`, `Slot`, …
  public static Map<String, String> whoami(String host, int port) throws IOException {
    var fields = new LinkedHashMap<String, String>();
    for (var line : get(host, port, "/").lines().takeWhile(line -> !line.isBlank()).toList()) {
      var colon = line.indexOf(':');
      if (colon > 0) {
        fields.put(line.substring(0, colon).strip(), line.substring(colon + 1).strip());
      }
    }
    return fields;
  }

  /// The answer to one datagram.
  public static String udp(String host, int port, String text) throws IOException {
    try (var socket = new DatagramSocket()) {
      socket.setSoTimeout(TIMEOUT_MS);
      var bytes = text.getBytes(UTF_8);
      socket.send(new DatagramPacket(bytes, bytes.length, InetAddress.getByName(host), port));
      var answer = new DatagramPacket(new byte[2048], 2048);
      socket.receive(answer);
      return new String(answer.getData(), 0, answer.getLength(), UTF_8);
    }
  }
}
