package dev.skein.bench.mesh;

import dev.skein.bench.RealTime;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Compares a direct connection, the mesh and HAProxy in TCP mode: each a process of one thread, in
/// turn within each round, so that a noisy host disturbs all alike. Prints medians, ratios, and the
/// proxy's processor time for each operation. Needs Debian's `haproxy` and `wrk`.
///
/// Arguments: rounds (7) and seconds for each measurement (3).
@RealTime
public final class MeshBench {
  private enum Route {
    DIRECT,
    MESH,
    HAPROXY
  }

  private enum Load {
    KEEP_ALIVE(null, "/"),
    CONNECTION_PER_REQUEST("Connection: close", "/"),
    KILOBYTES_64(null, "/64k"),
    BULK(null, "");

    final @Nullable String header;
    final String path;

    Load(@Nullable String header, String path) {
      this.header = header;
      this.path = path;
    }
  }

  /// One measurement.
  ///
  /// @param rate requests, or megabytes for bulk, a second
  /// @param cpuMicros the proxy's processor time for each
  private record Sample(double rate, double cpuMicros) {}

  /// Until the mesh's code is compiled, its processor time is mostly the compiler's.
  private static final int WARM_UP_ROUNDS = 3;

  private static final Pattern RATE = Pattern.compile("Requests/sec:\\s+([0-9.]+)");
  private static final Pattern ERRORS = Pattern.compile("Socket errors:.*|Non-2xx.*");

  private final int seconds;
  private final int httpPort = freePort();
  private final Map<Route, Integer> http = new EnumMap<>(Route.class);
  private final Map<Route, Integer> bulk = new EnumMap<>(Route.class);

  private MeshBench(int seconds) throws IOException {
    this.seconds = seconds;
  }

  /// Runs the comparison.
  ///
  /// @throws IOException when a program is missing or a process fails
  public static void main(String[] args) throws IOException, InterruptedException {
    int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 7;
    int seconds = args.length > 1 ? Integer.parseInt(args[1]) : 3;
    new MeshBench(seconds).run(rounds);
  }

  private void run(int rounds) throws IOException, InterruptedException {
    var directory = Files.createTempDirectory("mesh-bench");
    try (var source = new BulkSource()) {
      http.put(Route.DIRECT, httpPort);
      bulk.put(Route.DIRECT, source.port);
      for (var proxy : List.of(Route.MESH, Route.HAPROXY)) {
        http.put(proxy, freePort());
        bulk.put(proxy, freePort());
      }
      try (var backend =
              ProxyProcess.start(haproxy(directory, "backend", backend(directory)), httpPort);
          var mesh = ProxyProcess.start(mesh(), value(http, Route.MESH));
          var haproxy =
              ProxyProcess.start(
                  haproxy(directory, "proxy", proxy()), value(http, Route.HAPROXY))) {
        measure(rounds, Map.of(Route.DIRECT, backend, Route.MESH, mesh, Route.HAPROXY, haproxy));
      }
    } finally {
      try (var files = Files.list(directory)) {
        for (var file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(directory);
    }
  }

  private void measure(int rounds, Map<Route, ProxyProcess> processes)
      throws IOException, InterruptedException {
    for (var load : Load.values()) {
      var samples = new EnumMap<Route, List<Sample>>(Route.class);
      // The first rounds warm up, and are not counted.
      for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
        for (var path : Route.values()) {
          var process = processes.get(path);
          if (process == null) {
            throw new IllegalStateException("no process for " + path);
          }
          var sample = sample(load, path, process);
          if (round >= 0) {
            samples.computeIfAbsent(path, key -> new ArrayList<>()).add(sample);
          }
        }
      }
      report(load, samples);
    }
  }

  private Sample sample(Load load, Route path, ProxyProcess process)
      throws IOException, InterruptedException {
    double cpuBefore = process.cpuSeconds();
    double rate =
        load == Load.BULK
            ? BulkSource.megabytesPerSecond(value(bulk, path), seconds)
            : wrk(load, value(http, path));
    return new Sample(rate, (process.cpuSeconds() - cpuBefore) * 1e6 / (rate * seconds));
  }

  private static <T> T value(Map<Route, T> map, Route route) {
    var value = map.get(route);
    if (value == null) {
      throw new IllegalStateException("nothing is known for " + route);
    }
    return value;
  }

  private double wrk(Load load, int port) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("wrk", "-t1", "-c32", "-d" + seconds + "s"));
    if (load.header != null) {
      command.addAll(List.of("-H", load.header));
    }
    command.add("http://127.0.0.1:" + port + load.path);
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    var errors = ERRORS.matcher(output);
    if (errors.find()) {
      System.out.println(load + " on port " + port + ": " + errors.group());
    }
    var rate = RATE.matcher(output);
    if (!rate.find()) {
      throw new IOException("wrk gave no rate; install it with: apt-get install wrk\n" + output);
    }
    return Double.parseDouble(rate.group(1));
  }

  private static void report(Load load, Map<Route, List<Sample>> samples) {
    var rates = new LinkedHashMap<Route, Double>();
    var cpus = new LinkedHashMap<Route, Double>();
    samples.forEach(
        (path, list) -> {
          rates.put(path, median(list.stream().mapToDouble(Sample::rate).toArray()));
          cpus.put(path, median(list.stream().mapToDouble(Sample::cpuMicros).toArray()));
        });
    double[] toHaproxy = ratios(samples, Route.HAPROXY);
    double[] toDirect = ratios(samples, Route.DIRECT);
    System.out.printf(
        "%-24s direct %8.0f  mesh %8.0f  haproxy %8.0f /s | mesh/haproxy %.2f (%.2f-%.2f)"
            + "  mesh/direct %.2f | cpu us: mesh %.1f haproxy %.1f%n",
        load,
        value(rates, Route.DIRECT),
        value(rates, Route.MESH),
        value(rates, Route.HAPROXY),
        median(toHaproxy),
        toHaproxy[0],
        toHaproxy[toHaproxy.length - 1],
        median(toDirect),
        value(cpus, Route.MESH),
        value(cpus, Route.HAPROXY));
  }

  /// The mesh's rate over the other's, round by round, sorted.
  private static double[] ratios(Map<Route, List<Sample>> samples, Route other) {
    var mesh = samples.getOrDefault(Route.MESH, List.of());
    var others = samples.getOrDefault(other, List.of());
    var ratios = new double[mesh.size()];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = mesh.get(i).rate() / others.get(i).rate();
    }
    java.util.Arrays.sort(ratios);
    return ratios;
  }

  private static double median(double[] values) {
    var sorted = values.clone();
    java.util.Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private List<String> mesh() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-Xmx64m",
        "-XX:+UseCompactObjectHeaders",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-cp",
        System.getProperty("java.class.path"),
        MeshProxyMain.class.getName(),
        "127.0.0.1",
        System.getProperty("mesh.transport", "epoll"),
        value(http, Route.MESH) + "=" + httpPort,
        value(bulk, Route.MESH) + "=" + value(bulk, Route.DIRECT));
  }

  private static List<String> haproxy(Path directory, String name, String config)
      throws IOException {
    var file = directory.resolve(name + ".cfg");
    Files.writeString(file, config);
    return List.of("haproxy", "-db", "-f", file.toString());
  }

  private String proxy() {
    return """
    global
      nbthread 1
      maxconn 4000
    defaults
      mode tcp
      timeout connect 5s
      timeout client 60s
      timeout server 60s
    listen http
      bind 127.0.0.1:%d
      server s 127.0.0.1:%d
    listen bulk
      bind 127.0.0.1:%d
      server s 127.0.0.1:%d
    """
        .formatted(
            value(http, Route.HAPROXY),
            httpPort,
            value(bulk, Route.HAPROXY),
            value(bulk, Route.DIRECT));
  }

  private String backend(Path directory) throws IOException {
    var large = directory.resolve("64k");
    Files.write(large, new byte[64 * 1024]);
    return """
    global
      nbthread 1
      maxconn 4000
      tune.bufsize 131072
    defaults
      mode http
      timeout connect 5s
      timeout client 60s
      timeout server 60s
    frontend http
      bind 127.0.0.1:%d
      http-request return status 200 content-type application/octet-stream file %s if { path /64k }
      http-request return status 200 content-type text/plain string "hello"
    """
        .formatted(httpPort, large);
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }
}
