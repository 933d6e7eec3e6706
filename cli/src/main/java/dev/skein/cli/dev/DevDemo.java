package dev.skein.cli.dev;

import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.FailureException;
import dev.skein.cli.command.Program;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// The demonstration: a service with three replicas, called through every node, then scaled. Each
/// step is a command that the user could have typed, and is shown as such.
final class DevDemo {

  static final int PORT = 8080;

  private static final String SERVICE = "web";
  private static final int SECONDS = 60;
  private static final int CALL_TIMEOUT_MS = 5_000;

  private final CommandContext context;
  private final DevCluster cluster;

  DevDemo(CommandContext context, DevCluster cluster) {
    this.context = context;
    this.cluster = cluster;
  }

  void run() throws IOException {
    var host = cluster.reachable().host();
    skein(
        host,
        "service",
        "create",
        "--name",
        SERVICE,
        "--process",
        "--replicas",
        "3",
        "--publish",
        PORT + ":80",
        "--",
        "skein",
        "whoami");
    skein(host, "service", "ps", SERVICE);
    say("Every node answers on port " + PORT + ", whether a replica runs there or not:");
    callThroughEachNode();
    skein(host, "service", "scale", SERVICE + "=5");
    skein(host, "service", "ls");
    callThroughEachNode();
  }

  private void skein(String host, String... words) throws IOException {
    say("$ skein " + String.join(" ", words));
    var line = new ArrayList<>(List.of("--host", host));
    line.addAll(List.of(words));
    var code = new Program(context).run(line);
    if (code != 0) {
      throw new FailureException("the demonstration ended early: the command above failed");
    }
    say("");
  }

  private void callThroughEachNode() throws IOException {
    for (var node : cluster.nodes()) {
      var url = "http://%s:%d/".formatted(node.address(), PORT);
      cluster.await(
          SECONDS,
          url + " does not answer",
          () -> {
            var answer = call(url);
            if (!answer.isEmpty()) {
              say("  %s (%s): %s".formatted(url, node.name(), answer));
            }
            return !answer.isEmpty();
          });
    }
    say("");
  }

  /// What the service says of itself, on one line; empty if it does not answer.
  private static String call(String url) {
    try {
      var connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
      connection.setConnectTimeout(CALL_TIMEOUT_MS);
      connection.setReadTimeout(CALL_TIMEOUT_MS);
      try (var body = connection.getInputStream()) {
        var lines = new String(body.readAllBytes(), StandardCharsets.UTF_8).lines();
        return String.join(", ", lines.takeWhile(line -> !line.isBlank()).limit(4).toList());
      } finally {
        connection.disconnect();
      }
    } catch (IOException e) {
      return "";
    }
  }

  private void say(String line) {
    context.out().println(line);
    context.out().flush();
  }
}
