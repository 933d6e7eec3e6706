package dev.skein.chaos.cluster;

import dev.skein.cli.daemon.DirectoryTree;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// What a daemon keeps on disk, as a thief or a failing disk sees it.
public final class FileTree {

  private FileTree() {}

  /// Replaces `to` with a copy of `from`.
  public static void copy(Path from, Path to) throws IOException {
    DirectoryTree.delete(to);
    try (var files = Files.walk(from)) {
      for (var file : (Iterable<Path>) files::iterator) {
        Files.copy(file, to.resolve(from.relativize(file)), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  /// The regular files below `root` whose names begin with `prefix`. A running daemon deletes and
  /// renames files meanwhile: one that goes while its directory is read is not there.
  public static List<Path> named(Path root, String prefix) throws IOException {
    var found = new ArrayList<Path>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (attributes.isRegularFile()
                && String.valueOf(file.getFileName()).startsWith(prefix)) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException why) throws IOException {
            if (why instanceof NoSuchFileException && !file.equals(root)) {
              return FileVisitResult.CONTINUE;
            }
            throw why;
          }
        });
    found.sort(Comparator.naturalOrder());
    return found;
  }

  /// The files below `root` that contain `text`, relative to it.
  public static List<String> containing(Path root, String text) throws IOException {
    var found = new ArrayList<String>();
    for (var file : named(root, "")) {
      if (text(file).contains(text)) {
        found.add(root.relativize(file).toString());
      }
    }
    return found;
  }

  /// A file as text with one character for each byte, so that binary files can be searched too;
  /// empty if it was deleted after its directory was read.
  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException gone) {
      return "";
    }
  }

  /// Inverts the byte at `position` of a file.
  public static void flip(Path file, long position) throws IOException {
    var bytes = Files.readAllBytes(file);
    bytes[(int) position] ^= (byte) 0xff;
    Files.write(file, bytes);
  }

  /// Cuts a file to its first `length` bytes.
  public static void truncate(Path file, long length) throws IOException {
    var bytes = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(bytes, (int) length));
  }
}
