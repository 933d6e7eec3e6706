import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;

/// Takes the signature off a jar, whose download the build has checked already, and leaves out the
/// classes named. A start-up cache takes no class of a signed jar, and a JVM that loads one reads
/// the digests of all of them: Bouncy Castle's are 1.6 MB of text.
///
/// Usage: `Unsign JAR [CLASS…]`. A jar that is not signed stays as it is.
final Pattern SIGNATURE = Pattern.compile("META-INF/[^/]+\\.(SF|DSA|RSA|EC)");

void main(String[] args) throws IOException {
  var jar = Path.of(args[0]);
  var left = Arrays.stream(args).skip(1).map(name -> name.replace('.', '/') + ".class").toList();
  var written = jar.resolveSibling(jar.getFileName() + ".tmp");
  try (var in = new JarFile(jar.toFile(), false)) {
    if (in.stream().noneMatch(this::isSignature)) {
      return;
    }
    var manifest = new Manifest();
    manifest.getMainAttributes().putAll(in.getManifest().getMainAttributes());
    try (var out = new JarOutputStream(Files.newOutputStream(written), manifest)) {
      for (var entry : (Iterable<JarEntry>) in.stream()::iterator) {
        if (entry.getName().equals(JarFile.MANIFEST_NAME)
            || isSignature(entry)
            || left.stream().anyMatch(entry.getName()::endsWith)) {
          continue;
        }
        var copied = new ZipEntry(entry.getName());
        copied.setTimeLocal(entry.getTimeLocal());
        out.putNextEntry(copied);
        try (InputStream content = in.getInputStream(entry)) {
          content.transferTo(out);
        }
        out.closeEntry();
      }
    }
  }
  Files.move(written, jar, StandardCopyOption.REPLACE_EXISTING);
}

boolean isSignature(JarEntry entry) {
  return SIGNATURE.matcher(entry.getName()).matches();
}
