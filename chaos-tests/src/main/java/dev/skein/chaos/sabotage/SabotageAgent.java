package dev.skein.chaos.sabotage;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.instrument.Instrumentation;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Builds a defect into a daemon as it starts: `-javaagent:JAR=DEFECT`. A daemon that it can't be
/// built into does not start.
public final class SabotageAgent {
  /// What a daemon's log says once the defect is built in, before its name.
  public static final String BUILT_IN = "sabotage: built in: ";

  private SabotageAgent() {}

  /// Called by the JVM before the daemon's own beginning.
  ///
  /// @param name of the defect
  public static void premain(String name, Instrumentation instrumentation) {
    // Not closed: the stream is the process's.
    var err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, UTF_8);
    try {
      build(Defect.named(name), instrumentation);
      err.println(BUILT_IN + name);
    } catch (IOException | RuntimeException e) {
      err.println("sabotage: " + name + " can't be built in: " + e.getMessage());
      // The JVM would abort, and leave a core behind.
      Runtime.getRuntime().halt(1);
    }
  }

  private static void build(Defect defect, Instrumentation instrumentation) throws IOException {
    var classes = rewritten(defect, ClassLoader.getSystemClassLoader());
    for (Class<?> loaded : instrumentation.getAllLoadedClasses()) {
      if (classes.containsKey(loaded.getName().replace('.', '/'))) {
        throw new IllegalStateException(loaded.getName() + " is loaded already");
      }
    }
    instrumentation.addTransformer(new Replacement(classes));
  }

  /// The classes that a defect is built into, by internal names.
  ///
  /// @throws IllegalStateException if it can't be built in
  static Map<String, byte[]> rewritten(Defect defect, ClassLoader loader) throws IOException {
    var rewriter = new Rewriter(bytes(Flaws.class.getName(), loader), loader);
    var byClass = defect.redirections().stream().collect(Collectors.groupingBy(Redirection::in));
    Map<String, byte[]> classes = new HashMap<>();
    for (Map.Entry<String, List<Redirection>> entry : byClass.entrySet()) {
      classes.put(
          entry.getKey().replace('.', '/'),
          rewriter.rewrite(bytes(entry.getKey(), loader), entry.getValue()));
    }
    return classes;
  }

  /// The bytes of a class, which is not loaded by that.
  static byte[] bytes(String name, ClassLoader loader) throws IOException {
    try (var in = loader.getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (in == null) {
        throw new IOException("there is no class " + name);
      }
      return in.readAllBytes();
    }
  }
}
