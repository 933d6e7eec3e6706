package dev.skein.bench.write;

import dev.skein.bench.Figures;
import dev.skein.bench.RealTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// A closed loop: each writer waits for its write's acknowledgement before it sends the next.
@RealTime
final class ClosedLoop {
  /// A write by one of the writers, counted from 0; returns once it is acknowledged.
  @FunctionalInterface
  interface Write {
    void by(int writer) throws Exception;
  }

  /// What a run came to.
  ///
  /// @param perSecond acknowledged writes
  /// @param medianMillis of one write
  /// @param p99Millis of one write
  record Result(double perSecond, double medianMillis, double p99Millis) {
    static Result parse(String text) {
      var words = text.strip().split(" ", -1);
      return new Result(
          Double.parseDouble(words[0]), Double.parseDouble(words[1]), Double.parseDouble(words[2]));
    }

    String line() {
      return perSecond + " " + medianMillis + " " + p99Millis;
    }
  }

  private ClosedLoop() {}

  /// Runs `writers` writers for `seconds`; fails if any write does.
  static Result run(int writers, double seconds, Write write)
      throws InterruptedException, ExecutionException {
    var start = System.nanoTime();
    var end = start + (long) (seconds * 1e9);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var running = new ArrayList<Future<List<Long>>>();
      for (var i = 0; i < writers; i++) {
        var writer = i;
        running.add(
            threads.submit(
                () -> {
                  var times = new ArrayList<Long>();
                  for (var now = System.nanoTime(); now - end < 0; ) {
                    write.by(writer);
                    var then = System.nanoTime();
                    times.add(then - now);
                    now = then;
                  }
                  return times;
                }));
      }
      var all = new ArrayList<Long>();
      for (var each : running) {
        all.addAll(each.get());
      }
      var took = (System.nanoTime() - start) / 1e9;
      var sorted = all.stream().mapToDouble(nanos -> nanos / 1e6).toArray();
      Arrays.sort(sorted);
      return new Result(
          sorted.length / took, Figures.percentile(sorted, 50), Figures.percentile(sorted, 99));
    }
  }
}
