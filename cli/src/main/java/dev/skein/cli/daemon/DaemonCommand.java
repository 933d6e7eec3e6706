package dev.skein.cli.daemon;

import dev.skein.api.ApiConfig;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.Endpoint;
import dev.skein.cli.command.Arguments;
import dev.skein.cli.command.Command;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.CommandProvider;
import dev.skein.cli.command.FailureException;
import dev.skein.cli.command.Flag;
import dev.skein.cli.command.UsageException;
import dev.skein.cli.command.VersionCommand;
import dev.skein.proto.v1.GenericResource;
import dev.skein.state.ratis.RatisLogging;
import dev.skein.worker.GenericResources;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `skein daemon`.
public final class DaemonCommand implements CommandProvider {

  private static final String LOG_LINE = "%1$tFT%1$tT.%1$tL%1$tz %4$s %5$s%6$s%n";
  private static final long FOREVER_NANOS = Long.MAX_VALUE;

  @Override
  public String name() {
    return "daemon";
  }

  @Override
  public Command command() {
    return Leaf.of(
            "[OPTIONS]",
            "Run the daemon of this node. It starts outside any swarm, or comes back as what it"
                + " was. Stopping it leaves the node's tasks running; the next one takes them"
                + " over.")
        .flags(
            Flag.string(
                "socket", (char) 0, "path", "Unix socket to serve; default as for -H, --host"),
            Flag.string(
                "data-root",
                (char) 0,
                "path",
                "Where state is kept (default /var/lib/skein for root, else"
                    + " ~/.local/share/skein/node)"),
            Flag.string("api-listen", (char) 0, "host:port", "Serve the API over TLS here as well"),
            Flag.string("api-tlscacert", (char) 0, "file", "Authority of the API's clients"),
            Flag.string("api-tlscert", (char) 0, "file", "The API's own certificate"),
            Flag.string("api-tlskey", (char) 0, "file", "Key of the API's own certificate"),
            Flag.string("hostname", (char) 0, "name", "Name of this node (default the machine's)"),
            Flag.list("label", (char) 0, "key=value", "Engine label, for placement constraints"),
            Flag.list(
                "node-generic-resource",
                (char) 0,
                "kind=value",
                "What the node has for services to reserve: a number (ssd=3), or one by its name"
                    + " (gpu=uuid-1)"))
        .examples(
            "skein daemon",
            "skein daemon --data-root /srv/skein --label disk=ssd",
            "skein daemon --node-generic-resource gpu=uuid-1 --node-generic-resource gpu=uuid-2",
            "skein daemon --api-listen 10.0.0.5:2376 --api-tlscacert ca.pem --api-tlscert cert.pem"
                + " --api-tlskey key.pem")
        .does(DaemonCommand::run);
  }

  private static int run(CommandContext context, Arguments arguments) throws IOException {
    // One line an event; read when the first line is written.
    System.setProperty("java.util.logging.SimpleFormatter.format", LOG_LINE);
    RatisLogging.quiet();
    context.interrupts().arm();
    Runnable die = () -> Runtime.getRuntime().halt(ExitCode.FAILURE);
    Thread.setDefaultUncaughtExceptionHandler(
        new FailFast(() -> context.interrupts().await(0), die));
    try (var _ = new Daemon(options(context, arguments), VersionCommand.version(), die)) {
      while (!context.interrupts().await(FOREVER_NANOS)) {
        // Until it is told to stop.
      }
    }
    return ExitCode.SUCCESS;
  }

  private static DaemonOptions options(CommandContext context, Arguments arguments)
      throws IOException {
    return new DaemonOptions(
        socket(context, arguments),
        apiTls(arguments),
        dataRoot(context, arguments),
        hostname(arguments),
        labels(arguments),
        genericResources(arguments),
        programs(context));
  }

  /// So that `skein whoami` works as a task without being installed: where the launcher is.
  private static List<Path> programs(CommandContext context) {
    var launcher = context.environment().getOrDefault("SKEIN_LAUNCHER", "");
    var directory = launcher.isEmpty() ? null : Path.of(launcher).toAbsolutePath().getParent();
    return directory == null ? List.of() : List.of(directory);
  }

  private static Path socket(CommandContext context, Arguments arguments) throws IOException {
    var given = arguments.text("socket");
    var socket =
        given != null
            ? Path.of(given).toAbsolutePath()
            : switch (context.endpoint()) {
              case Endpoint.Unix unix -> Path.of(unix.path()).toAbsolutePath();
              case Endpoint.Tcp _ ->
                  throw new UsageException(
                      "the daemon serves a unix socket; for TCP see --api-listen");
            };
    var parent = socket.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    return socket;
  }

  private static Path dataRoot(CommandContext context, Arguments arguments) {
    var given = arguments.text("data-root");
    if (given != null) {
      return Path.of(given).toAbsolutePath();
    }
    if (context.root()) {
      return Path.of("/var/lib/skein");
    }
    var home = context.environment().get("HOME");
    if (home == null || home.isEmpty()) {
      throw new UsageException("HOME is not set; say where state is kept with --data-root");
    }
    return Path.of(home, ".local", "share", "skein", "node");
  }

  private static ApiConfig.@Nullable Tls apiTls(Arguments arguments) throws IOException {
    var listen = arguments.text("api-listen");
    if (listen == null) {
      return null;
    }
    var colon = listen.lastIndexOf(':');
    try {
      var port = Integer.parseInt(listen.substring(colon + 1));
      return new ApiConfig.Tls(
          new InetSocketAddress(listen.substring(0, Math.max(0, colon)), port),
          file(arguments, "api-tlscacert"),
          file(arguments, "api-tlscert"),
          file(arguments, "api-tlskey"));
    } catch (IllegalArgumentException e) {
      throw new UsageException(
          "invalid --api-listen \"" + listen + "\": give HOST:PORT, for example 10.0.0.5:2376");
    }
  }

  private static Path file(Arguments arguments, String flag) throws IOException {
    var given = arguments.text(flag);
    if (given == null) {
      throw new UsageException("--api-listen also needs --" + flag);
    }
    var file = Path.of(given).toAbsolutePath();
    if (!Files.isReadable(file)) {
      throw new FailureException("--" + flag + ": cannot read " + file);
    }
    return file;
  }

  private static String hostname(Arguments arguments) throws IOException {
    var given = arguments.text("hostname");
    return given != null ? given : InetAddress.getLocalHost().getHostName();
  }

  private static List<GenericResource> genericResources(Arguments arguments) {
    try {
      return GenericResources.parse(arguments.texts("node-generic-resource"));
    } catch (IllegalArgumentException e) {
      throw new UsageException("invalid --node-generic-resource: " + e.getMessage());
    }
  }

  private static Map<String, String> labels(Arguments arguments) {
    var labels = new LinkedHashMap<String, String>();
    for (var label : arguments.texts("label")) {
      var equals = label.indexOf('=');
      if (equals == 0) {
        throw new UsageException("invalid --label \"" + label + "\": give KEY=VALUE");
      }
      labels.put(
          equals < 0 ? label : label.substring(0, equals),
          equals < 0 ? "" : label.substring(equals + 1));
    }
    return labels;
  }
}
