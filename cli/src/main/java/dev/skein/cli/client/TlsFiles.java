package dev.skein.cli.client;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The PEM files of a TLS client.
///
/// @param ca certificates of the authorities that may sign the daemon's
/// @param cert the client's certificate, with its chain
/// @param key the client's private key, PKCS#8
public record TlsFiles(Path ca, Path cert, Path key) {
  /// The files that the flags name, else those in `SKEIN_CERT_PATH` (`ca.pem`, `cert.pem`,
  /// `key.pem`), else null: plain TCP.
  ///
  /// @throws IllegalArgumentException if only some of the three are known
  public static @Nullable TlsFiles of(
      @Nullable String ca,
      @Nullable String cert,
      @Nullable String key,
      Map<String, String> environment) {
    String directory = environment.get("SKEIN_CERT_PATH");
    boolean fromDirectory = directory != null && !directory.isEmpty();
    if (ca == null && cert == null && key == null && !fromDirectory) {
      return null;
    }
    return new TlsFiles(
        choose("--tlscacert", ca, directory, "ca.pem"),
        choose("--tlscert", cert, directory, "cert.pem"),
        choose("--tlskey", key, directory, "key.pem"));
  }

  private static Path choose(
      String flag, @Nullable String given, @Nullable String directory, String name) {
    if (given != null) {
      return Path.of(given);
    }
    if (directory != null && !directory.isEmpty()) {
      return Path.of(directory, name);
    }
    throw new IllegalArgumentException(
        flag + " is missing: TLS needs --tlscacert, --tlscert and --tlskey, or SKEIN_CERT_PATH");
  }
}
