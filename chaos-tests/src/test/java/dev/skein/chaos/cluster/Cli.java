package dev.skein.chaos.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.skein.cli.command.CommandContext;
import dev.skein.cli.command.Interrupts;
import dev.skein.cli.command.Program;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/// The `skein` program, run in this process against one daemon.
public final class Cli {

  /// After this an attached command is interrupted, as by `^C`.
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  /// How long a cluster may take to agree on a leader on a busy machine.
  private static final Duration ELECTION = Duration.ofSeconds(40);

  private static final String NO_LEADER = "The swarm does not have a leader";

  private final String host;

  /// @param host as for `--host`
  public Cli(String host) {
    this.host = host;
  }

  /// Runs a command.
  public Outcome run(String... words) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var begin = System.nanoTime();
    var context =
        new CommandContext(
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8),
            Map.of("SKEIN_HOST", host, "HOME", "/nonexistent", "TZ", "UTC"),
            InstantSource.system(),
            System::nanoTime,
            new Patience(begin + PATIENCE.toNanos()),
            false,
            true);
    var code = new Program(context).run(List.of(words));
    var millis = Duration.ofNanos(System.nanoTime() - begin).toMillis();
    return new Outcome(
        "skein -H " + host + " " + String.join(" ", words),
        code,
        out.toString(UTF_8),
        err.toString(UTF_8),
        millis);
  }

  /// What a command prints that must succeed. One that is refused for want of a leader has done
  /// nothing, and is given again.
  public String ok(String... words) {
    var deadline = System.nanoTime() + ELECTION.toNanos();
    while (true) {
      var outcome = run(words);
      if (!outcome.err().contains(NO_LEADER) || System.nanoTime() - deadline > 0) {
        return outcome.ok().text();
      }
    }
  }

  /// The error of a command that must fail.
  public String fails(String... words) {
    return run(words).failed().err().strip();
  }

  /// Interrupts a command that takes too long.
  private record Patience(long deadlineNanos) implements Interrupts {

    @Override
    public void arm() {
      // Nothing else interrupts here.
    }

    @Override
    public boolean await(long nanos) {
      var left = deadlineNanos - System.nanoTime();
      LockSupport.parkNanos(Math.min(nanos, left));
      return left <= 0;
    }
  }
}
