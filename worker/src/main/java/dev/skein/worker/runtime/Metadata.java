package dev.skein.worker.runtime;

import java.util.Arrays;

/// Bytes that mean something to the agent only.
public final class Metadata {

  /// No bytes.
  public static final Metadata EMPTY = new Metadata(new byte[0]);

  /// The most that a runtime keeps with one task.
  public static final int MAX_BYTES = 1 << 20;

  private final byte[] bytes;

  private Metadata(byte[] bytes) {
    this.bytes = bytes;
  }

  /// A copy of `bytes`. Throws [IllegalArgumentException] above [#MAX_BYTES].
  public static Metadata of(byte[] bytes) {
    if (bytes.length > MAX_BYTES) {
      throw new IllegalArgumentException(
          "task metadata has " + bytes.length + " bytes; the limit is " + MAX_BYTES);
    }
    return new Metadata(bytes.clone());
  }

  /// A copy of the bytes.
  public byte[] toBytes() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Metadata that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /// Only the size: what the bytes say is not the runtime's to tell.
  @Override
  public String toString() {
    return "Metadata[" + bytes.length + " bytes]";
  }
}
