package dev.skein.chaos.sabotage;

import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Puts prepared classes in the place of those with the same names. It can't fail: the JVM would
/// load the original then, and nobody would know.
final class Replacement implements ClassFileTransformer {
  private final Map<String, byte[]> classes;

  /// @param classes by internal names
  Replacement(Map<String, byte[]> classes) {
    this.classes = Map.copyOf(classes);
  }

  @Override
  public byte @Nullable [] transform(
      @Nullable ClassLoader loader,
      @Nullable String name,
      @Nullable Class<?> redefined,
      @Nullable ProtectionDomain domain,
      byte[] original) {
    return name == null ? null : classes.get(name);
  }
}
