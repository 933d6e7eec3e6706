package dev.skein.state.ratis;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/// A replicated map for tests: a record is `key=value`, its result the value before ("" if none).
final class RegisterMachine implements ReplicatedMachine {
  private volatile Map<String, String> values = new TreeMap<>();
  private volatile long index = -1;
  private final AtomicInteger restores = new AtomicInteger();

  static byte[] put(String key, String value) {
    return (key + "=" + value).getBytes(StandardCharsets.UTF_8);
  }

  Map<String, String> values() {
    return values;
  }

  String get(String key) {
    return values.getOrDefault(key, "");
  }

  long index() {
    return index;
  }

  int restores() {
    return restores.get();
  }

  @Override
  public List<?> apply(long at, List<byte[]> records) {
    ascend(at);
    TreeMap<String, String> next = new TreeMap<>(values);
    List<String> before = new ArrayList<>();
    for (byte[] record : records) {
      String[] pair = new String(record, StandardCharsets.UTF_8).split("=", 2);
      String old = next.put(pair[0], pair[1]);
      before.add(old == null ? "" : old);
    }
    values = next;
    return before;
  }

  @Override
  public void advance(long at) {
    ascend(at);
  }

  private void ascend(long at) {
    if (at <= index) {
      throw new IllegalStateException("entry " + at + " after " + index);
    }
    index = at;
  }

  @Override
  public MachineSnapshot snapshot() {
    Map<String, String> frozen = values;
    return out -> {
      DataOutputStream data = new DataOutputStream(out);
      data.writeInt(frozen.size());
      for (var entry : frozen.entrySet()) {
        data.writeUTF(entry.getKey());
        data.writeUTF(entry.getValue());
      }
      data.flush();
    };
  }

  @Override
  public void restore(long at, InputStream in) throws IOException {
    DataInputStream data = new DataInputStream(in);
    TreeMap<String, String> read = new TreeMap<>();
    int count = data.readInt();
    for (int i = 0; i < count; i++) {
      String key = data.readUTF();
      read.put(key, data.readUTF());
    }
    values = read;
    index = at;
    restores.incrementAndGet();
  }
}
