package dev.skein.cli.command;

import dev.skein.cli.ExitCode;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.value.GoDuration;
import dev.skein.cli.whoami.Identity;
import dev.skein.cli.whoami.WhoamiServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// `skein whoami`
final class WhoamiCommand {
  private static final int PORT_DEFAULT = 8080;

  // Shorter than the usual grace period of a task, so that the end is still an orderly one.
  private static final long DRAIN_MS = 9_000;
  private static final long FOREVER_NANOS = Long.MAX_VALUE;

  private WhoamiCommand() {}

  static Leaf leaf() {
    return Leaf.of(
            "[OPTIONS]",
            "Run the sample service: a small HTTP server that answers with its node, service, slot,"
                + " task and version, and the request; as JSON for '?format=json'.\n\n"
                + "  /health          answers ok, or 503 while it is not healthy\n"
                + "  /sick            makes it unhealthy for good\n"
                + "  /slow?ms=100     answers after a pause (at most 60000)\n"
                + "  /cpu?ms=100      answers after using a processor (at most 60000)\n"
                + "  /exit?code=1     ends the process\n\n"
                + "On SIGTERM it finishes the requests it has and ends with code 0.")
        .flags(
            Flag.of(
                "port", "port", "Port to listen at; else $PORT, else 8080", WhoamiCommand::port),
            Flag.string(
                "address", (char) 0, "ip", "Address to listen at; else $SKEIN_ADDR, else 0.0.0.0"),
            Flag.of(
                "unhealthy-for",
                "duration",
                "How long it is not healthy after its start",
                GoDuration::parse),
            Flag.bool("udp", (char) 0, "Answer each UDP datagram with the task's name and itself"))
        .examples(
            "skein whoami --port 8080",
            "skein service create --name web --process --publish 8080 -- skein whoami",
            "skein service create --process --publish 8080 --health-http /health -- skein whoami"
                + " --unhealthy-for 10s")
        .does(WhoamiCommand::run);
  }

  private static int run(CommandContext context, Arguments arguments) throws IOException {
    AtomicInteger code = new AtomicInteger(ExitCode.SUCCESS);
    CountDownLatch asked = new CountDownLatch(1);
    context.interrupts().arm();
    InetSocketAddress address = address(context, arguments);
    try (WhoamiServer server =
        new WhoamiServer(
            Identity.of(context.environment()),
            address,
            arguments.is("udp"),
            context::nanoTime,
            status -> {
              code.set(status);
              asked.countDown();
            })) {
      Long unhealthy = arguments.get("unhealthy-for", Long.class);
      if (unhealthy != null) {
        server.unhealthyFor(unhealthy);
      }
      context.out().println("whoami listens at " + server.address());
      context.out().flush();
      Thread signals =
          Thread.ofPlatform()
              .daemon()
              .name("signals")
              .start(
                  () -> {
                    if (context.interrupts().await(FOREVER_NANOS)) {
                      asked.countDown();
                    }
                  });
      Thread drain =
          Thread.ofPlatform().daemon().name("drain").start(() -> drainWhenAsked(asked, server));
      server.serve();
      drain.join();
      signals.interrupt();
    } catch (java.net.BindException e) {
      throw new FailureException("cannot listen at " + address + ": " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return code.get();
  }

  private static void drainWhenAsked(CountDownLatch asked, WhoamiServer server) {
    try {
      asked.await();
      server.drain(DRAIN_MS);
    } catch (InterruptedException | IOException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static InetSocketAddress address(CommandContext context, Arguments arguments)
      throws IOException {
    Integer port = arguments.get("port", Integer.class);
    if (port == null) {
      port = fromEnvironment(context.environment().get("PORT"));
    }
    String host = arguments.text("address");
    if (host == null) {
      host = context.environment().getOrDefault("SKEIN_ADDR", "0.0.0.0");
    }
    return new InetSocketAddress(InetAddress.getByName(host), port);
  }

  private static int fromEnvironment(@Nullable String text) {
    if (text == null || text.isEmpty()) {
      return PORT_DEFAULT;
    }
    try {
      return port(text);
    } catch (IllegalArgumentException e) {
      throw new UsageException(
          "invalid PORT \"" + text + "\" in the environment: " + e.getMessage());
    }
  }

  private static Integer port(String text) {
    try {
      int port = Integer.parseInt(text);
      if (port >= 0 && port <= 65535) {
        return port;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new IllegalArgumentException("must be a number from 0 to 65535");
  }
}
