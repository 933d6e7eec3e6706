package dev.skein.cli.command;

import dev.skein.cli.client.Endpoint;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.TlsFiles;
import java.io.PrintStream;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// What a command runs in: its streams, environment, clocks, and the daemon that it talks to.
///
/// Owned by the thread that runs the command.
public final class CommandContext {
  /// The width of a terminal that does not say its own, in columns.
  private static final int COLUMNS_DEFAULT = 80;

  private final PrintStream out;
  private final PrintStream err;
  private final Map<String, String> environment;
  private final InstantSource wall;
  private final LongSupplier nanoTime;
  private final Interrupts interrupts;
  private final boolean terminal;
  private final boolean root;
  private @Nullable String host;
  private @Nullable String tlsCa;
  private @Nullable String tlsCert;
  private @Nullable String tlsKey;

  /// @param environment the process's environment
  /// @param wall the time of day
  /// @param nanoTime monotonic nanoseconds
  /// @param terminal whether `out` is a terminal that understands cursor movements
  /// @param root whether the user is root
  public CommandContext(
      PrintStream out,
      PrintStream err,
      Map<String, String> environment,
      InstantSource wall,
      LongSupplier nanoTime,
      Interrupts interrupts,
      boolean terminal,
      boolean root) {
    this.out = out;
    this.err = err;
    this.environment = environment;
    this.wall = wall;
    this.nanoTime = nanoTime;
    this.interrupts = interrupts;
    this.terminal = terminal;
    this.root = root;
  }

  void connectTo(
      @Nullable String host, @Nullable String ca, @Nullable String cert, @Nullable String key) {
    this.host = host;
    this.tlsCa = ca;
    this.tlsCert = cert;
    this.tlsKey = key;
  }

  /// Standard output.
  public PrintStream out() {
    return out;
  }

  /// Standard error.
  public PrintStream err() {
    return err;
  }

  /// The process's environment.
  public Map<String, String> environment() {
    return environment;
  }

  /// The time of day.
  public Instant now() {
    return wall.instant();
  }

  /// The time zone that the user sees times in.
  public ZoneId zone() {
    String zone = environment.get("TZ");
    if (zone != null && !zone.isEmpty()) {
      try {
        return ZoneId.of(zone);
      } catch (java.time.DateTimeException unknown) {
        // As the C library does: what it can't read is UTC.
        return java.time.ZoneOffset.UTC;
      }
    }
    return ZoneId.systemDefault();
  }

  /// Monotonic nanoseconds.
  public long nanoTime() {
    return nanoTime.getAsLong();
  }

  /// Waiting that `^C` ends.
  public Interrupts interrupts() {
    return interrupts;
  }

  /// Whether standard output is a terminal.
  public boolean terminal() {
    return terminal;
  }

  /// Whether the user is root.
  public boolean root() {
    return root;
  }

  /// The value of `--host`, or null.
  public @Nullable String host() {
    return host;
  }

  /// The terminal's width in columns.
  public int columns() {
    try {
      return Math.max(20, Integer.parseInt(environment.getOrDefault("COLUMNS", "")));
    } catch (NumberFormatException unknown) {
      return COLUMNS_DEFAULT;
    }
  }

  /// Where the daemon is.
  ///
  /// @throws UsageException if `--host` or `SKEIN_HOST` is malformed
  public Endpoint endpoint() {
    try {
      return Endpoint.of(host, environment, root);
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  /// The certificates for the daemon; null when none are asked for.
  ///
  /// @throws UsageException if only some of them are named
  public @Nullable TlsFiles tls() {
    try {
      return TlsFiles.of(tlsCa, tlsCert, tlsKey, environment);
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  /// A new client of the daemon; it connects at the first call. The caller closes it.
  public EngineClient client() {
    return new EngineClient(endpoint(), tls());
  }

  /// As [#client()], for answers that are not worth a long wait.
  ///
  /// @param timeoutSeconds how long an answer may take, from 1
  public EngineClient client(int timeoutSeconds) {
    return new EngineClient(endpoint(), tls(), timeoutSeconds);
  }
}
