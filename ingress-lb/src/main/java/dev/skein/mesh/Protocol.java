package dev.skein.mesh;

import java.util.Locale;

/// The transport protocol of a published port.
public enum Protocol {
  TCP,
  UDP;

  /// The name as users write it: `tcp` or `udp`.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
