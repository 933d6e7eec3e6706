package dev.skein.worker.runtime.process;

import dev.skein.worker.runtime.Limits;
import dev.skein.worker.runtime.RuntimeDescription.Feature;
import dev.skein.worker.runtime.RuntimeRejection;
import dev.skein.worker.runtime.TaskSpec;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Decides whether a task can run on this node.
final class SpecCheck {

  /// Linux takes 128 KiB for one argument or variable.
  static final int MAX_STRING_BYTES = 120 * 1024;

  /// Linux takes 2 MiB in all by default.
  static final int MAX_TOTAL_BYTES = 1 << 20;

  /// More arguments or variables than this are a mistake.
  static final int MAX_ENTRIES = 4096;

  private static final String ID = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}";

  private final List<Feature> features;
  private final Charset systemCharset;

  /// @param features what this node enforces
  /// @param systemCharset in which the JVM hands strings to the system
  SpecCheck(List<Feature> features, Charset systemCharset) {
    this.features = features;
    this.systemCharset = systemCharset;
  }

  void checkId(String id) throws RuntimeRejection {
    if (!id.matches(ID)) {
      throw new RuntimeRejection(
          "task id \"" + id + "\" is not 1 to 64 letters, digits, \"_\", \".\" or \"-\"");
    }
  }

  /// Everything but the user, who is resolved first.
  ///
  /// @param environment the whole environment that the task will have
  void check(TaskSpec spec, Map<String, String> environment, Path workdir) throws RuntimeRejection {
    checkId(spec.id());
    checkStrings(spec, environment);
    checkLimits(spec.limits());
    if (spec.stopGrace().isNegative()) {
      throw new RuntimeRejection("stop grace period " + spec.stopGrace() + " is negative");
    }
    checkWorkdir(spec);
    checkCommand(spec.command().getFirst(), environment.getOrDefault("PATH", ""), workdir);
  }

  private void checkStrings(TaskSpec spec, Map<String, String> environment)
      throws RuntimeRejection {
    if (spec.command().isEmpty() || spec.command().getFirst().isEmpty()) {
      throw new RuntimeRejection("no command given: name the program to run after \"--\"");
    }
    if (spec.command().size() > MAX_ENTRIES || environment.size() > MAX_ENTRIES) {
      throw new RuntimeRejection(
          "more than " + MAX_ENTRIES + " arguments or environment variables");
    }
    for (var name : environment.keySet()) {
      if (name.isEmpty() || name.contains("=")) {
        throw new RuntimeRejection(
            "environment variable name \"" + name + "\" is empty or has a \"=\"");
      }
    }
    var total = 0L;
    var strings =
        Stream.concat(
                spec.command().stream(),
                environment.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()))
            .toList();
    for (var string : strings) {
      total += checkString(string);
    }
    if (total > MAX_TOTAL_BYTES) {
      throw new RuntimeRejection(
          "command and environment have " + total + " bytes; the limit is " + MAX_TOTAL_BYTES);
    }
  }

  private int checkString(String string) throws RuntimeRejection {
    // Only the start: the value of a variable may be a secret.
    var shown = string.length() > 20 ? string.substring(0, 20) + "…" : string;
    var equals = shown.indexOf('=');
    shown = equals > 0 ? shown.substring(0, equals) : shown;
    if (string.indexOf('\0') >= 0) {
      throw new RuntimeRejection(
          "argument or environment variable \""
              + shown.replace("\0", "\\0")
              + "\" has a NUL character, which no program can be given");
    }
    if (!systemCharset.newEncoder().canEncode(string)) {
      throw new RuntimeRejection(
          "argument or environment variable \""
              + shown
              + "\" cannot be written in "
              + systemCharset
              + ": start the daemon with LC_ALL=C.UTF-8");
    }
    var bytes = string.getBytes(systemCharset).length;
    if (bytes > MAX_STRING_BYTES) {
      throw new RuntimeRejection(
          "argument or environment variable \""
              + shown
              + "\" has "
              + bytes
              + " bytes; the limit is "
              + MAX_STRING_BYTES);
    }
    return bytes;
  }

  private void checkLimits(Limits limits) throws RuntimeRejection {
    checkLimit(Feature.CPU_LIMIT, "nano-CPUs", limits.nanoCpus(), Limits.MIN_NANO_CPUS);
    checkLimit(Feature.MEMORY_LIMIT, "bytes", limits.memoryBytes(), Limits.MIN_MEMORY_BYTES);
    checkLimit(Feature.PIDS_LIMIT, "processes", limits.pids(), 1);
  }

  private void checkLimit(String name, String unit, long value, long least)
      throws RuntimeRejection {
    if (value == 0) {
      return;
    }
    if (value < least) {
      throw new RuntimeRejection(
          name + " of " + value + " " + unit + " is too low: the least is " + least);
    }
    for (var feature : features) {
      if (feature.name().equals(name) && !feature.enforced()) {
        throw new RuntimeRejection(
            name
                + " of "
                + value
                + " "
                + unit
                + " cannot be enforced on this node: "
                + feature.how());
      }
    }
  }

  private static void checkWorkdir(TaskSpec spec) throws RuntimeRejection {
    if (spec.workdir() == null) {
      return;
    }
    if (!spec.workdir().startsWith("/") || spec.workdir().indexOf('\0') >= 0) {
      throw new RuntimeRejection(
          "working directory \"" + spec.workdir() + "\" is not an absolute path");
    }
    if (!Files.isDirectory(Path.of(spec.workdir()))) {
      throw new RuntimeRejection(
          "working directory \""
              + spec.workdir()
              + "\" is not a directory on this node; create it there or use another");
    }
  }

  private static void checkCommand(String program, String path, Path workdir)
      throws RuntimeRejection {
    if (program.contains("/")) {
      var file = workdir.resolve(program);
      if (!Files.exists(file)) {
        throw new RuntimeRejection("command \"" + program + "\" does not exist on this node");
      }
      if (Files.isDirectory(file) || !Files.isExecutable(file)) {
        throw new RuntimeRejection(
            "command \"" + program + "\" is not an executable file on this node");
      }
      return;
    }
    for (var directory : path.split(":", -1)) {
      var file = workdir.resolve(directory).resolve(program);
      if (Files.isExecutable(file) && !Files.isDirectory(file)) {
        return;
      }
    }
    throw new RuntimeRejection(
        "command \""
            + program
            + "\" was not found in PATH \""
            + path
            + "\" on this node; give an absolute path or set PATH with --env");
  }
}
