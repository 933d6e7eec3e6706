package dev.skein.chaos.history;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// All operations, notices and copies of one run, in the order of their ends. Only ever added to,
/// by any thread; written to a file of JSON lines as it grows, so that a run that failed, or was
/// cut off, can be checked again.
public final class History implements AutoCloseable {
  /// The most operations, the most notices and the most copies that are kept.
  public static final int RECORDS_MAX = 2_000_000;

  private final @Nullable BufferedWriter file;
  // Guarded by this.
  private final List<Operation> operations = new ArrayList<>();
  private final List<Notice> notices = new ArrayList<>();
  private final List<Copy> copies = new ArrayList<>();

  private History(@Nullable BufferedWriter file) {
    this.file = file;
  }

  /// In memory only.
  public static History inMemory() {
    return new History(null);
  }

  /// Kept in a file too, which is made or replaced.
  public static History to(Path file) throws IOException {
    return new History(Files.newBufferedWriter(file));
  }

  /// A history that was written before. A last line that was cut off is left out.
  ///
  /// @throws IOException if a line is no record of a history; names its number
  public static History read(Path file) throws IOException {
    var history = inMemory();
    var text = Files.readString(file);
    var complete = text.substring(0, text.lastIndexOf('\n') + 1);
    var number = 0;
    for (var line : complete.lines().toList()) {
      number++;
      try {
        HistoryLine.read(line, history);
      } catch (IllegalArgumentException e) {
        throw new IOException(file + ", line " + number + ": " + e.getMessage(), e);
      }
    }
    return history;
  }

  /// Adds an operation that has ended.
  public synchronized void add(Operation operation) {
    requireRoom(operations);
    operations.add(operation);
    write(HistoryLine.of(operation));
  }

  /// Adds what a watcher was told.
  public synchronized void add(Notice notice) {
    requireRoom(notices);
    notices.add(notice);
    write(HistoryLine.of(notice));
  }

  /// Adds what a manager said of its own copy of the state.
  public synchronized void add(Copy copy) {
    requireRoom(copies);
    copies.add(copy);
    write(HistoryLine.of(copy));
  }

  private static void requireRoom(List<?> records) {
    if (records.size() >= RECORDS_MAX) {
      throw new IllegalStateException(
          "the history has its limit of " + RECORDS_MAX + " records: make shorter runs");
    }
  }

  private void write(String line) {
    if (file != null) {
      try {
        file.write(line);
        file.newLine();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /// The operations so far.
  public synchronized List<Operation> operations() {
    return List.copyOf(operations);
  }

  /// The notices so far; those of one watcher in the order in which it got them.
  public synchronized List<Notice> notices() {
    return List.copyOf(notices);
  }

  /// The managers' copies so far.
  public synchronized List<Copy> copies() {
    return List.copyOf(copies);
  }

  /// Ends the file.
  @Override
  public synchronized void close() throws IOException {
    if (file != null) {
      file.close();
    }
  }
}
