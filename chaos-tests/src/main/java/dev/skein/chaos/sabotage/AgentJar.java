package dev.skein.chaos.sabotage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/// The agent as a jar that a daemon can be started with: of these few classes only, however this
/// program itself is packaged.
final class AgentJar {
  private static final List<Class<?>> CLASSES =
      List.of(
          SabotageAgent.class,
          Replacement.class,
          Rewriter.class,
          Redirection.class,
          Defect.class,
          Flaws.class);

  private AgentJar() {}

  /// Writes it to a file.
  static void write(Path file) throws IOException {
    var manifest = new Manifest();
    var attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.putValue("Premain-Class", SabotageAgent.class.getName());
    try (var jar = new JarOutputStream(Files.newOutputStream(file), manifest)) {
      for (var type : CLASSES) {
        jar.putNextEntry(new JarEntry(type.getName().replace('.', '/') + ".class"));
        jar.write(SabotageAgent.bytes(type.getName(), AgentJar.class.getClassLoader()));
        jar.closeEntry();
      }
    }
  }
}
