package dev.skein.cli.dev;

import dev.skein.cli.command.CommandContext;
import java.io.IOException;

/// The demonstration: a service with three replicas, called through every node, then scaled.
final class DevDemo {

  static final int PORT = 8080;

  private static final int SECONDS = 60;
  private static final int CALL_TIMEOUT_MS = 5_000;
  private static final int REPLICAS = 3;
  private static final int SCALED = 5;

  private final CommandContext context;
  private final DevCluster cluster;

  DevDemo(CommandContext context, DevCluster cluster) {
    this.context = context;
    this.cluster = cluster;
  }

  void run() throws IOException {
    var node = cluster.reachable();
    skein(
        node,
        "service",
        "create",
        "--name",
        "web",
        "--process",
        "--replicas",
        String.valueOf(REPLICAS),
        "--publish",
        PORT + ":80",
        "--",
        launcher(),
        "whoami");
    skein(node, "service", "ls");
    skein(node, "service", "ps", "web");
    say("Each node answers on port " + PORT + ", whether or not a replica runs there:");
    callAll();
    skein(node, "service", "scale", "web=" + SCALED);
    skein(node, "service", "ps", "web");
    callAll();
  }

  private String launcher() {
    return context.environment().getOrDefault("SKEIN_LAUNCHER", "skein");
  }

  private void callAll() throws IOException {
    for (var node : cluster.nodes()) {
      cluster.await(
          SECONDS,
          "http://%s:%d does not answer".formatted(node.address(), PORT),
          () -> {
            var answer = call(node);
            if (answer.isEmpty()) {
              return false;
            }
            say("  http://%s:%d (%s)  ->  %s".formatted(node.address(), PORT, node.name(), answer));
            return true;
          });
    }
    say("");
  }

  /// The first line of the answer; empty if there was none.
  private static String call(DevNode node) {
    return "";
  }

  private void skein(DevNode node, String... words) throws IOException {}

  private void say(String line) {
    context.out().println(line);
    context.out().flush();
  }
}
