package dev.skein.worker.runtime.process;

import dev.skein.worker.runtime.TaskSpec;
import dev.skein.worker.runtime.log.LogPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;

/// An agent in a JVM of its own, to be killed: runs one task for each script and waits for ever.
final class AgentProcess {

  private AgentProcess() {}

  /// Runs the agent.
  ///
  /// @param args directory, daemon id, whether to use cgroups, and scripts for tasks `t0`, `t1`, …
  public static void main(String[] args) throws Exception {
    try (var runtime =
        ProcessRuntime.open(
            new ProcessRuntimeConfig(
                Path.of(args[0]), args[1], LogPolicy.DEFAULT, Boolean.parseBoolean(args[2])),
            InstantSource.system())) {
      runtime.adopt();
      for (var i = 3; i < args.length; i++) {
        var spec = TaskSpec.of("t" + (i - 3), List.of("sh", "-c", args[i]));
        runtime.prepare(spec);
        runtime.start(spec);
      }
      System.out.println("ready");
      new CountDownLatch(1).await();
    }
  }

  /// Starts one and waits until its tasks run.
  static Process start(Path directory, String daemonId, boolean cgroups, String... scripts)
      throws Exception {
    var classPath = System.getProperty("java.class.path");
    return start(List.of(), classPath, directory, daemonId, cgroups, scripts);
  }

  /// Starts one as nobody, who may read neither the build's directories nor its repository: it
  /// runs from copies in `classes`.
  static Process startAsNobody(Path classes, Path directory, String daemonId, String... scripts)
      throws Exception {
    var classPath = new ArrayList<String>();
    for (var type : List.of(AgentProcess.class, ProcessRuntime.class, Logger.class)) {
      var source = Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
      var target = classes.resolve(classPath.size() + "-" + source.getFileName());
      copy(source, target);
      classPath.add(target.toString());
    }
    var setpriv = List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--");
    return start(setpriv, String.join(":", classPath), directory, daemonId, true, scripts);
  }

  private static void copy(Path source, Path target) throws IOException {
    try (var files = Files.walk(source)) {
      for (var file : files.toList()) {
        Files.copy(file, target.resolve(source.relativize(file).toString()));
      }
    }
  }

  private static Process start(
      List<String> prefix,
      String classPath,
      Path directory,
      String daemonId,
      boolean cgroups,
      String... scripts)
      throws Exception {
    var command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-Xmx64m", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("-cp", classPath));
    command.addAll(List.of(AgentProcess.class.getName(), directory.toString(), daemonId));
    command.add(Boolean.toString(cgroups));
    command.addAll(List.of(scripts));
    var process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    var line = process.inputReader().readLine();
    if (!"ready".equals(line)) {
      process.destroyForcibly();
      throw new IllegalStateException("the agent said " + line);
    }
    return process;
  }
}
