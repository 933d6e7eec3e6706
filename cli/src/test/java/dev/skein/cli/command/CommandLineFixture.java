package dev.skein.cli.command;

import dev.skein.cli.train.CannedDaemon;
import dev.skein.cli.train.CannedDaemon.Answer;
import dev.skein.cli.train.CannedDaemon.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// Runs whole commands in this process against a daemon that answers what the test says.
final class CommandLineFixture implements AutoCloseable {
  static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  private final Path directory;
  private final CannedDaemon daemon;
  private final Map<String, Supplier<Answer>> answers = new LinkedHashMap<>();
  private final Map<String, String> environment = new HashMap<>();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final SteppedTime time = new SteppedTime();
  private boolean terminal;

  CommandLineFixture() throws IOException {
    directory = Files.createTempDirectory("skein-cli");
    daemon = new CannedDaemon(directory.resolve("s"), this::answer);
    environment.put("SKEIN_HOST", "unix://" + directory.resolve("s"));
    environment.put("TZ", "UTC");
  }

  /// Answers requests whose method and target start so; of several the longest beginning counts.
  CommandLineFixture on(String start, String json) {
    return on(start, () -> Answer.json(200, json));
  }

  CommandLineFixture on(String start, Supplier<Answer> answer) {
    answers.put(start, answer);
    return this;
  }

  CommandLineFixture refuse(String start, int status, String message) {
    return on(start, () -> Answer.json(status, "{\"message\":\"" + message + "\"}"));
  }

  CommandLineFixture environment(String name, String value) {
    environment.put(name, value);
    return this;
  }

  CommandLineFixture onTerminal() {
    terminal = true;
    return this;
  }

  /// `^C` after so many waits.
  CommandLineFixture interruptAfter(int waits) {
    time.interruptAfter = waits;
    return this;
  }

  private Answer answer(Request request) {
    String best = "";
    for (String start : answers.keySet()) {
      if (request.line().startsWith(start) && start.length() > best.length()) {
        best = start;
      }
    }
    Supplier<Answer> answer = answers.get(best);
    return answer == null ? Answer.json(404, "{\"message\":\"page not found\"}") : answer.get();
  }

  Result run(String... words) {
    out.reset();
    err.reset();
    PrintStream outStream = new PrintStream(out, true, StandardCharsets.UTF_8);
    PrintStream errStream = new PrintStream(err, true, StandardCharsets.UTF_8);
    CommandContext context =
        new CommandContext(
            outStream,
            errStream,
            environment,
            InstantSource.fixed(NOW),
            time::nanos,
            time,
            terminal,
            true);
    int code = new Program(context).run(List.of(words));
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  List<String> requestLines() {
    return daemon.requests().stream().map(Request::line).toList();
  }

  /// The body of the last request that starts so.
  String body(String start) {
    return daemon.requests().stream()
        .filter(request -> request.line().startsWith(start))
        .reduce((first, second) -> second)
        .orElseThrow()
        .body();
  }

  @Override
  public void close() throws IOException {
    daemon.close();
    Files.deleteIfExists(directory);
  }

  record Result(int code, String out, String err) {}

  /// Time that passes only while a command waits.
  private static final class SteppedTime implements Interrupts {
    private long now;
    private int interruptAfter = Integer.MAX_VALUE;

    @Override
    public void arm() {}

    @Override
    public boolean await(long nanos) {
      now += nanos;
      return --interruptAfter < 0;
    }

    long nanos() {
      return now;
    }
  }
}
