package dev.skein.bench.write;

import dev.skein.bench.Figures;
import dev.skein.bench.RealTime;
import dev.skein.bench.cluster.ProcessorTime;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/// Acknowledged writes of one object of 1 KB: Skein's store, Skein's control API, etcd; each three
/// processes with fsync on the same disk, taking turns within each round, with 64 writers and with
/// one.
///
/// Arguments: rounds (5), seconds for each measurement (5), and which of `store,api,etcd` (all).
/// Needs Debian's `etcd-server`.
@RealTime
public final class WriteBench {
  static final int VALUE_BYTES = 1024;
  private static final int[] WRITERS = {64, 1};

  /// Rounds that are not counted: until the code is compiled.
  private static final int WARM_UP_ROUNDS = 2;

  private static final int REPEATS_MAX = 5;

  private final List<Peer> peers = new ArrayList<>();
  private final Map<String, List<ClosedLoop.Result>> results = new LinkedHashMap<>();
  // Processor time of the members for a write, in microseconds.
  private final Map<String, List<Double>> costs = new LinkedHashMap<>();

  private WriteBench() {}

  /// Runs the comparison.
  public static void main(String[] args) throws Exception {
    var rounds = args.length > 0 ? Integer.parseInt(args[0]) : 5;
    var seconds = args.length > 1 ? Double.parseDouble(args[1]) : 5;
    var which = List.of((args.length > 2 ? args[2] : "store,api,etcd").split(","));
    Figures.machine();
    var bench = new WriteBench();
    try {
      bench.open(which);
      bench.run(rounds, seconds);
    } finally {
      bench.close();
    }
  }

  private void open(List<String> which) throws IOException, InterruptedException {
    for (var name : which) {
      peers.add(
          switch (name) {
            case "store" -> new StorePeer();
            case "api" -> new ApiPeer();
            case "etcd" -> new EtcdPeer();
            default -> throw new IllegalArgumentException("unknown peer " + name);
          });
    }
  }

  private void close() throws IOException {
    for (var peer : peers.reversed()) {
      peer.close();
    }
  }

  private void run(int rounds, double seconds) throws Exception {
    for (var round = -WARM_UP_ROUNDS; round < rounds; round++) {
      for (var writers : WRITERS) {
        for (var peer : peers) {
          var before = processorSeconds(peer);
          var result = run(peer, writers, seconds);
          if (round >= 0) {
            var micros = (processorSeconds(peer) - before) * 1e6 / (result.perSecond() * seconds);
            results.computeIfAbsent(key(peer, writers), _ -> new ArrayList<>()).add(result);
            costs.computeIfAbsent(key(peer, writers), _ -> new ArrayList<>()).add(micros);
          }
        }
      }
    }
    report();
  }

  /// A run that is cut off is repeated: a busy machine's leaders change.
  private static ClosedLoop.Result run(Peer peer, int writers, double seconds) throws Exception {
    for (var repeats = 0; ; repeats++) {
      try {
        return peer.run(writers, seconds);
      } catch (IOException | ExecutionException | StatusRuntimeException e) {
        if (repeats == REPEATS_MAX) {
          throw e;
        }
        Figures.print(key(peer, writers) + ", repeated", String.valueOf(e.getMessage()));
      }
    }
  }

  private static double processorSeconds(Peer peer) throws IOException {
    var sum = 0.0;
    for (var pid : peer.processes()) {
      sum += ProcessorTime.seconds(pid);
    }
    return sum;
  }

  private static String key(Peer peer, int writers) {
    return peer.label() + ", " + writers + (writers == 1 ? " writer" : " writers");
  }

  private void report() throws IOException {
    results.forEach(
        (what, all) ->
            Figures.print(
                what,
                "%.0f/s (%.0f-%.0f), p50 %.2f ms, p99 %.1f ms, %.0f us of processor time each"
                    .formatted(
                        rate(all),
                        Figures.percentile(rates(all), 0),
                        Figures.max(rates(all)),
                        Figures.median(all.stream().map(ClosedLoop.Result::medianMillis).toList()),
                        Figures.median(all.stream().map(ClosedLoop.Result::p99Millis).toList()),
                        Figures.median(costs.getOrDefault(what, List.of())))));
    for (var peer : peers) {
      ratio(peer.label() + ", 64 writers to 1", key(peer, 64), key(peer, 1));
    }
    for (var peer : peers) {
      if (!(peer instanceof EtcdPeer)) {
        for (var etcd : peers) {
          if (etcd instanceof EtcdPeer) {
            for (var writers : WRITERS) {
              ratio(key(peer, writers) + ", to etcd", key(peer, writers), key(etcd, writers));
            }
          }
        }
      }
    }
    Figures.print("load at the end", Figures.load());
  }

  /// The median of the rounds' ratios.
  private void ratio(String what, String one, String other) {
    var ratios = new ArrayList<Double>();
    var ones = results.getOrDefault(one, List.of());
    var others = results.getOrDefault(other, List.of());
    for (var i = 0; i < ones.size(); i++) {
      ratios.add(ones.get(i).perSecond() / others.get(i).perSecond());
    }
    Figures.print(
        what,
        "%.2f (%.2f-%.2f)"
            .formatted(Figures.median(ratios), Figures.percentile(ratios, 0), Figures.max(ratios)));
  }

  private static double rate(List<ClosedLoop.Result> all) {
    return Figures.median(rates(all));
  }

  private static List<Double> rates(List<ClosedLoop.Result> all) {
    return all.stream().map(ClosedLoop.Result::perSecond).toList();
  }
}
