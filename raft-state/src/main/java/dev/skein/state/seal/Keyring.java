package dev.skein.state.seal;

import java.security.SecureRandom;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/// The cluster's data keys: an id to AES-256 key map and the id that seals new data.
///
/// A rotation adds the new key on every manager, then activates it, and drops the old one only when
/// neither a log segment nor a snapshot needs it any more. Thread-safe: readers see one consistent
/// version. Keys never appear in `toString`.
public final class Keyring {
  /// Length of a data key in bytes.
  public static final int KEY_BYTES = 32;

  /// Most keys held at once; a rotation normally needs two.
  public static final int KEYS_MAX = 16;

  private record Version(int active, NavigableMap<Integer, SecretKey> keys) {}

  private volatile Version version;

  private Keyring(Version version) {
    this.version = version;
  }

  /// A keyring with one fresh key, id 1, active.
  public static Keyring generate(SecureRandom random) {
    byte[] key = new byte[KEY_BYTES];
    random.nextBytes(key);
    return of(1, Map.of(1, key));
  }

  /// A keyring from raw keys, for example those a joining manager received.
  ///
  /// @param active id of the key that seals new data
  /// @param keys key id (positive) to 32 bytes
  /// @throws IllegalArgumentException on a bad id or length, too many keys, or an absent active key
  public static Keyring of(int active, Map<Integer, byte[]> keys) {
    TreeMap<Integer, SecretKey> copy = new TreeMap<>();
    keys.forEach((id, bytes) -> copy.put(checkId(id), toKey(id, bytes)));
    return new Keyring(check(new Version(active, Collections.unmodifiableNavigableMap(copy))));
  }

  /// The id of the key that seals new data.
  public int activeId() {
    return version.active;
  }

  /// The raw keys by id, to wrap them or to deliver them to a joining manager over mutual TLS.
  public NavigableMap<Integer, byte[]> export() {
    TreeMap<Integer, byte[]> raw = new TreeMap<>();
    version.keys.forEach((id, key) -> raw.put(id, key.getEncoded()));
    return raw;
  }

  /// Adds a key without using it yet. Adding the same key again changes nothing.
  public synchronized void add(int id, byte[] key) {
    SecretKey added = toKey(id, key);
    TreeMap<Integer, SecretKey> keys = new TreeMap<>(version.keys);
    SecretKey before = keys.put(checkId(id), added);
    if (before != null && !before.equals(added)) {
      throw new IllegalArgumentException("data key " + id + " is already set to another value");
    }
    version = check(new Version(version.active, Collections.unmodifiableNavigableMap(keys)));
  }

  /// Seals new data with the given key from now on. Every manager must hold it already.
  public synchronized void activate(int id) {
    version = check(new Version(id, version.keys));
  }

  /// Forgets a key that no stored data needs any more.
  ///
  /// @throws IllegalArgumentException if it is the active key
  public synchronized void drop(int id) {
    TreeMap<Integer, SecretKey> keys = new TreeMap<>(version.keys);
    keys.remove(id);
    version = check(new Version(version.active, Collections.unmodifiableNavigableMap(keys)));
  }

  @Nullable SecretKey key(int id) {
    return version.keys.get(id);
  }

  /// The id and the key in one consistent read.
  Map.Entry<Integer, SecretKey> active() {
    Version now = version;
    SecretKey key = now.keys.get(now.active);
    if (key == null) {
      throw new IllegalStateException("active data key " + now.active + " is missing");
    }
    return Map.entry(now.active, key);
  }

  private static int checkId(int id) {
    if (id <= 0) {
      throw new IllegalArgumentException("data key id " + id + " is not positive");
    }
    return id;
  }

  private static SecretKey toKey(int id, byte[] bytes) {
    if (bytes.length != KEY_BYTES) {
      throw new IllegalArgumentException(
          "data key " + id + " has " + bytes.length + " bytes instead of " + KEY_BYTES);
    }
    return new SecretKeySpec(bytes, "AES");
  }

  private static Version check(Version version) {
    if (version.keys.size() > KEYS_MAX) {
      throw new IllegalArgumentException(
          version.keys.size() + " data keys exceed " + KEYS_MAX + "; drop those no longer used");
    }
    if (!version.keys.containsKey(version.active)) {
      throw new IllegalArgumentException("active data key " + version.active + " is not there");
    }
    return version;
  }

  @Override
  public String toString() {
    return "Keyring[active=" + version.active + ", ids=" + version.keys.keySet() + "]";
  }
}
