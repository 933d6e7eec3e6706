package dev.skein.bench.write;

import java.io.IOException;
import java.util.List;

/// One of the systems that are compared: three members as processes on loopback addresses.
interface Peer extends AutoCloseable {
  /// Its name in the output.
  String label();

  /// Has writers overwrite each its own object with a new value of 1 KB.
  ClosedLoop.Result run(int writers, double seconds) throws Exception;

  /// Its members' processes, without the writers where those are elsewhere.
  List<Long> processes() throws IOException;

  @Override
  void close() throws IOException;
}
