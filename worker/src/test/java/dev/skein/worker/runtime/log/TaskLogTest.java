package dev.skein.worker.runtime.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.worker.runtime.os.Awaiting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TaskLogTest {

  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final LogPolicy SMALL = new LogPolicy(64 * 1024, 3);
  private static final Instant START = Instant.parse("2030-01-01T00:00:00Z");

  @TempDir Path directory;
  private final AtomicReference<Instant> now = new AtomicReference<>(START);
  private Path log;
  private Path times;
  private LogKeeper keeper;

  @BeforeEach
  void open() throws Exception {
    log = Files.createDirectory(directory.resolve("log"));
    times = Files.createDirectory(directory.resolve("times"));
    keeper = new LogKeeper(SMALL, now::get);
  }

  @AfterEach
  void close() {
    keeper.close();
  }

  private void write(LogStream stream, String text) throws IOException {
    Files.writeString(
        log.resolve(stream.fileName()), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /// Writes and notes at a time.
  private void write(TaskLog taskLog, int second, LogStream stream, String text)
      throws IOException {
    now.set(START.plusSeconds(second));
    write(stream, text);
    taskLog.observe();
  }

  private static List<LogEntry> read(TaskLog taskLog, LogOptions options) throws Exception {
    var entries = new ArrayList<LogEntry>();
    try (var reader = taskLog.read(options)) {
      for (var entry = reader.next(); entry != null; entry = reader.next()) {
        entries.add(entry);
      }
    }
    return entries;
  }

  private static List<String> lines(TaskLog taskLog, LogOptions options) throws Exception {
    return read(taskLog, options).stream().map(LogEntry::line).toList();
  }

  private TaskLog threeLinesOfEach() throws Exception {
    var taskLog = keeper.follow(log, times);
    write(taskLog, 1, LogStream.STDOUT, "out1\n");
    write(taskLog, 2, LogStream.STDERR, "err1\n");
    write(taskLog, 3, LogStream.STDERR, "err2\n");
    write(taskLog, 4, LogStream.STDOUT, "out2\n");
    write(taskLog, 5, LogStream.STDOUT, "out3\n");
    write(taskLog, 6, LogStream.STDERR, "err3\n");
    return taskLog;
  }

  @Test
  void linesOfBothStreamsComeInTheOrderOfArrivalWithTheirTimes() throws Exception {
    var entries = read(threeLinesOfEach(), LogOptions.ALL);
    assertThat(entries)
        .extracting(LogEntry::line)
        .containsExactly("out1", "err1", "err2", "out2", "out3", "err3");
    assertThat(entries)
        .extracting(entry -> Duration.between(START, entry.at()).toSeconds())
        .containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
    assertThat(entries.get(1).stream()).isEqualTo(LogStream.STDERR);
  }

  @Test
  void tailCountsTheLastLinesOfBothStreams() throws Exception {
    var taskLog = threeLinesOfEach();
    assertThat(lines(taskLog, LogOptions.ALL.withTail(0))).isEmpty();
    assertThat(lines(taskLog, LogOptions.ALL.withTail(1))).containsExactly("err3");
    assertThat(lines(taskLog, LogOptions.ALL.withTail(3))).containsExactly("out2", "out3", "err3");
    assertThat(lines(taskLog, LogOptions.ALL.withTail(6))).hasSize(6);
    assertThat(lines(taskLog, LogOptions.ALL.withTail(100))).hasSize(6);
    assertThat(lines(taskLog, LogOptions.ALL.withTail(2).only(LogStream.STDOUT)))
        .containsExactly("out2", "out3");
  }

  @Test
  void tailCountsALastLineWithoutAnEndOfAnEndedTask() throws Exception {
    var taskLog = keeper.follow(log, times);
    write(taskLog, 1, LogStream.STDOUT, "a\nb\nc");
    assertThat(lines(taskLog, LogOptions.ALL)).containsExactly("a", "b");
    keeper.end(taskLog);
    assertThat(lines(taskLog, LogOptions.ALL)).containsExactly("a", "b", "c");
    assertThat(lines(taskLog, LogOptions.ALL.withTail(2))).containsExactly("b", "c");
    assertThat(lines(taskLog, LogOptions.ALL.withTail(1))).containsExactly("c");
  }

  @Test
  void sinceAndUntilIncludeTheirOwnMoment() throws Exception {
    var taskLog = threeLinesOfEach();
    var options = LogOptions.ALL.between(START.plusSeconds(3), START.plusSeconds(5));
    assertThat(lines(taskLog, options)).containsExactly("err2", "out2", "out3");
  }

  @Test
  void aLineThatComesWhileTheTimeIsTakenIsNotDatedBeforeItWasWritten() throws Exception {
    var stream = new StreamLog(log.resolve("stdout"), times.resolve("stdout"), SMALL);
    write(LogStream.STDOUT, "first\n");
    stream.observe(
        () -> {
          try {
            write(LogStream.STDOUT, "second\n");
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
          return START.plusSeconds(1);
        });
    stream.observe(() -> START.plusSeconds(2));
    assertThat(read(keeper.ended(log, times), LogOptions.ALL))
        .extracting(entry -> Duration.between(START, entry.at()).toSeconds())
        .containsExactly(1L, 2L);
  }

  @Test
  void longLinesAreSplitBetweenCharacters() throws Exception {
    var taskLog = keeper.follow(log, times);
    // Three bytes each, so that 16 KiB is not a whole number of them.
    var line = "€".repeat(20_000);
    write(taskLog, 1, LogStream.STDOUT, line + "\nshort\n");
    var exact = "x".repeat(LogEntry.MAX_LINE_BYTES);
    write(taskLog, 2, LogStream.STDOUT, exact + "\n");
    keeper.end(taskLog);

    var entries = read(taskLog, LogOptions.ALL);
    assertThat(entries.getFirst().line()).hasSize(LogEntry.MAX_LINE_BYTES / 3);
    var joined = new StringBuilder();
    for (var entry : entries.subList(0, 4)) {
      assertThat(entry.line().getBytes(StandardCharsets.UTF_8).length)
          .isLessThanOrEqualTo(LogEntry.MAX_LINE_BYTES);
      joined.append(entry.line());
    }
    assertThat(joined.toString()).isEqualTo(line);
    assertThat(entries)
        .extracting(LogEntry::partial)
        .containsExactly(true, true, true, false, false, false);
    assertThat(entries.get(4).line()).isEqualTo("short");
    assertThat(entries.get(5).line()).isEqualTo(exact);
  }

  @Test
  void aFollowerSeesLinesAsTheyComeAndEndsWithTheTask() throws Exception {
    var taskLog = keeper.follow(log, times);
    write(LogStream.STDOUT, "first\n");
    var seen = new ConcurrentLinkedQueue<String>();
    var reading =
        CompletableFuture.runAsync(
            () -> {
              try (var reader = taskLog.read(LogOptions.ALL.following())) {
                for (var entry = reader.next(); entry != null; entry = reader.next()) {
                  seen.add(entry.line());
                }
              } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    await(() -> seen.size() == 1);
    write(LogStream.STDERR, "second\nthi");
    await(() -> seen.size() == 2);
    write(LogStream.STDERR, "rd\nunfinished");
    await(() -> seen.size() == 3);
    assertThat(reading).isNotDone();
    keeper.end(taskLog);
    reading.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    assertThat(seen).containsExactly("first", "second", "third", "unfinished");
  }

  @Test
  void closingAReaderEndsItsWait() throws Exception {
    var taskLog = keeper.follow(log, times);
    var reader = taskLog.read(LogOptions.ALL.following());
    var last =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return String.valueOf(reader.next());
              } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    reader.close();
    assertThat(last.get(LIMIT.toSeconds(), TimeUnit.SECONDS)).isEqualTo("null");
  }

  @Test
  void aLogThatIsWrittenAllTheTimeStaysBoundedAndLosesNothingRecent() throws Exception {
    var taskLog = keeper.follow(log, times);
    var file = log.resolve("stdout");
    // An independent process that keeps its descriptor, as a task does.
    var writer =
        new ProcessBuilder(
                "sh", "-c", "i=0; while [ $i -lt 60000 ]; do echo \"line $i\"; i=$((i+1)); done")
            .redirectOutput(ProcessBuilder.Redirect.appendTo(file.toFile()))
            .start();
    var most = 0L;
    while (writer.isAlive()) {
      taskLog.observe();
      most = Math.max(most, blocks(file));
    }
    keeper.end(taskLog);

    // The bound is kept up to what is written between two looks.
    assertThat(most).isLessThan(2 * SMALL.maxBytes());
    assertThat(blocks(file)).isLessThanOrEqualTo(SMALL.maxBytes() + 8192);
    var lines = lines(taskLog, LogOptions.ALL);
    var first = Integer.parseInt(lines.getFirst().substring(5));
    assertThat(first).isPositive();
    assertThat(lines).hasSize(60_000 - first);
    assertThat(lines.getLast()).isEqualTo("line 59999");
    assertThat(lines.get(1)).isEqualTo("line " + (first + 1));
    assertThat(Files.size(times.resolve("stdout"))).isLessThan(ArrivalIndex.MAX_PAIRS * 16L);

    var reopened = new LogKeeper(SMALL, InstantSource.system());
    assertThat(lines(reopened.ended(log, times), LogOptions.ALL)).isEqualTo(lines);
    reopened.close();
  }

  /// What the file takes on disk, in bytes.
  private static long blocks(Path file) throws Exception {
    var du = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
    return Long.parseLong(du.inputReader().readLine()) * 512;
  }

  @Test
  void aSlowFollowerPassesOverWhatWasDropped() throws Exception {
    var taskLog = keeper.follow(log, times);
    write(taskLog, 1, LogStream.STDOUT, "first\n");
    try (var reader = taskLog.read(LogOptions.ALL.following())) {
      assertThat(reader.next()).extracting(LogEntry::line).isEqualTo("first");
      for (var i = 0; i < 8; i++) {
        write(taskLog, 2 + i, LogStream.STDOUT, (i + "x".repeat(99) + "\n").repeat(500));
      }
      var next = Objects.requireNonNull(reader.next());
      assertThat(next.line().charAt(0)).isGreaterThan('0');
      assertThat(next.line()).hasSize(100);
    }
  }

  @Test
  void aLogThatSomeoneTruncatedIsReadFromItsNewStart() throws Exception {
    var taskLog = keeper.follow(log, times);
    write(taskLog, 1, LogStream.STDOUT, "old line\n");
    Files.write(log.resolve("stdout"), new byte[0]);
    taskLog.observe();
    write(taskLog, 2, LogStream.STDOUT, "new\n");
    assertThat(lines(taskLog, LogOptions.ALL)).containsExactly("new");
  }

  @Test
  void timesSurviveAnotherKeeperAndATornNote() throws Exception {
    var taskLog = threeLinesOfEach();
    var entries = read(taskLog, LogOptions.ALL);
    keeper.end(taskLog);
    Files.write(times.resolve("stdout"), new byte[] {1, 2, 3}, StandardOpenOption.APPEND);
    assertThat(read(keeper.ended(log, times), LogOptions.ALL)).isEqualTo(entries);
  }

  @Test
  void oldTimesBecomeCoarserBeyondTheIndexLimit() throws Exception {
    var stream = new StreamLog(log.resolve("stdout"), times.resolve("stdout"), SMALL);
    for (var i = 0; i < ArrivalIndex.MAX_PAIRS + 10; i++) {
      write(LogStream.STDOUT, "\n");
      now.set(START.plusSeconds(i));
      stream.observe(now::get);
    }
    assertThat(Files.size(times.resolve("stdout"))).isLessThan(ArrivalIndex.MAX_PAIRS * 16L);
    var entries = read(keeper.ended(log, times), LogOptions.ALL);
    assertThat(entries).hasSize(ArrivalIndex.MAX_PAIRS + 10);
    for (var i = 0; i < entries.size(); i++) {
      assertThat(entries.get(i).at()).isBetween(START.plusSeconds(i), START.plusSeconds(i + 1));
    }
  }

  @Test
  void theKeeperNotesTimesByItself() throws Exception {
    var taskLog = keeper.follow(log, times);
    now.set(START.plusSeconds(9));
    write(LogStream.STDERR, "noticed\n");
    await(() -> Files.size(times.resolve("stderr")) == 32);
    now.set(START.plusSeconds(99));
    assertThat(read(taskLog, LogOptions.ALL))
        .extracting(LogEntry::at)
        .containsExactly(START.plusSeconds(9));
  }

  private static void await(Awaiting.Condition condition) throws IOException {
    assertThat(Awaiting.until(LIMIT, condition)).as("within " + LIMIT).isTrue();
  }
}
