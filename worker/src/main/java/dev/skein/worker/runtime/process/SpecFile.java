package dev.skein.worker.runtime.process;

import dev.skein.worker.runtime.Limits;
import dev.skein.worker.runtime.Metadata;
import dev.skein.worker.runtime.Signal;
import dev.skein.worker.runtime.TaskSpec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/// A task's specification on disk, with the boot in which it was prepared: all that the next daemon
/// needs to adopt it.
///
/// @param bootId the machine's start in which the task was prepared
/// @param spec what was asked
record SpecFile(String bootId, TaskSpec spec) {

  private static final int MAGIC = 0x534B5453;
  private static final int VERSION = 1;
  private static final int MAX_FIELD_BYTES = 4 << 20;
  private static final int MAX_ENTRIES = 100_000;

  byte[] encode() throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new DataOutputStream(bytes)) {
      out.writeInt(MAGIC);
      out.writeInt(VERSION);
      write(out, bootId);
      write(out, spec.id());
      out.writeInt(spec.command().size());
      for (var argument : spec.command()) {
        write(out, argument);
      }
      out.writeInt(spec.env().size());
      for (var entry : spec.env().entrySet()) {
        write(out, entry.getKey());
        write(out, entry.getValue());
      }
      writeOptional(out, spec.workdir());
      writeOptional(out, spec.user());
      out.writeInt(spec.stopSignal().number());
      out.writeLong(spec.stopGrace().toNanos());
      out.writeLong(spec.limits().nanoCpus());
      out.writeLong(spec.limits().memoryBytes());
      out.writeLong(spec.limits().pids());
      write(out, spec.metadata().toBytes());
    }
    return bytes.toByteArray();
  }

  static SpecFile read(Path file) throws IOException {
    try (var in = new DataInputStream(new ByteArrayInputStream(Files.readAllBytes(file)))) {
      if (in.readInt() != MAGIC) {
        throw new IOException("not a task specification");
      }
      var version = in.readInt();
      if (version != VERSION) {
        throw new IOException(
            "version " + version + " was written by a newer daemon; this one reads " + VERSION);
      }
      return new SpecFile(text(in), spec(in));
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException(
          file
              + " cannot be read ("
              + e.getMessage()
              + "): end the task's processes and remove "
              + file.getParent(),
          e);
    }
  }

  private static TaskSpec spec(DataInputStream in) throws IOException {
    var id = text(in);
    var command = new ArrayList<String>();
    for (var left = count(in); left > 0; left--) {
      command.add(text(in));
    }
    var env = new LinkedHashMap<String, String>();
    for (var left = count(in); left > 0; left--) {
      env.put(text(in), text(in));
    }
    return new TaskSpec(
        id,
        command,
        env,
        optional(in),
        optional(in),
        new Signal(in.readInt()),
        Duration.ofNanos(in.readLong()),
        new Limits(in.readLong(), in.readLong(), in.readLong()),
        Metadata.of(bytes(in)));
  }

  private static void write(DataOutputStream out, String text) throws IOException {
    write(out, text.getBytes(StandardCharsets.UTF_8));
  }

  private static void write(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static void writeOptional(DataOutputStream out, @Nullable String text)
      throws IOException {
    out.writeBoolean(text != null);
    if (text != null) {
      write(out, text);
    }
  }

  private static int count(DataInputStream in) throws IOException {
    var count = in.readInt();
    if (count < 0 || count > MAX_ENTRIES) {
      throw new IOException("a list of " + count + " entries");
    }
    return count;
  }

  private static byte[] bytes(DataInputStream in) throws IOException {
    var length = in.readInt();
    if (length < 0 || length > MAX_FIELD_BYTES) {
      throw new IOException("a field of " + length + " bytes");
    }
    var bytes = new byte[length];
    in.readFully(bytes);
    return bytes;
  }

  private static String text(DataInputStream in) throws IOException {
    return new String(bytes(in), StandardCharsets.UTF_8);
  }

  private static @Nullable String optional(DataInputStream in) throws IOException {
    return in.readBoolean() ? text(in) : null;
  }
}
