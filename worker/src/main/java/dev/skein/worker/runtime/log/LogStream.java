package dev.skein.worker.runtime.log;

/// Where a task wrote a line.
public enum LogStream {
  /// Standard output.
  STDOUT("stdout"),
  /// Standard error.
  STDERR("stderr");

  private final String fileName;

  LogStream(String fileName) {
    this.fileName = fileName;
  }

  /// The name of the stream's file in a task's log directory.
  public String fileName() {
    return fileName;
  }
}
