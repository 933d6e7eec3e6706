package dev.skein.mesh;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Objects;

/// How one node's mesh behaves.
///
/// @param bindAddress this node's own address; every published port listens there and nowhere else
/// @param eventLoopThreads 1 to [#EVENT_LOOPS_MAX]
/// @param preferNative use epoll where it exists; otherwise, or when false, the JDK's selectors
/// @param bindRetryMax the longest wait before a port that could not be bound is tried again
/// @param tcp what holds for TCP ports
/// @param udp what holds for UDP ports
public record MeshConfig(
    InetAddress bindAddress,
    int eventLoopThreads,
    boolean preferNative,
    Duration bindRetryMax,
    Tcp tcp,
    Udp udp) {
  /// More threads than this have never helped a proxy on one node.
  public static final int EVENT_LOOPS_MAX = 64;

  private static final int DEFAULT_EVENT_LOOPS = 2;

  /// What holds for TCP ports.
  ///
  /// @param connectTimeout how long one attempt at one replica may take
  /// @param holdTime how long a client is held while no replica answers, before it gets a reset
  /// @param connectionsPerPortMax open connections of one port; a further client gets a reset
  /// @param heldPerPortMax clients of one port that may be held at once; a further one gets a reset
  /// @param avoidMax the longest time that a failing replica is passed over while another can be
  ///     had
  public record Tcp(
      Duration connectTimeout,
      Duration holdTime,
      int connectionsPerPortMax,
      int heldPerPortMax,
      Duration avoidMax) {
    /// 1 s to connect, 5 s held, 65,536 connections, 1,024 of them held, failing replicas avoided
    /// for up to 10 s.
    public static final Tcp DEFAULT =
        new Tcp(
            Duration.ofSeconds(1), Duration.ofSeconds(5), 65_536, 1_024, Duration.ofSeconds(10));

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException when a time is not positive or a limit is below 1
    public Tcp {
      requirePositive("connectTimeout", connectTimeout);
      requireNotNegative("holdTime", holdTime);
      requirePositive("avoidMax", avoidMax);
      requireAtLeastOne("connectionsPerPortMax", connectionsPerPortMax);
      requireAtLeastOne("heldPerPortMax", heldPerPortMax);
    }
  }

  /// What holds for UDP ports.
  ///
  /// @param idleTimeout how long a client's session lasts without a datagram either way
  /// @param drainIdleTimeout the same for sessions on a draining replica: UDP says no goodbye, so
  ///     silence must do
  /// @param sessionsPerPortMax sessions of one port; a further client's datagrams are dropped
  public record Udp(Duration idleTimeout, Duration drainIdleTimeout, int sessionsPerPortMax) {
    /// 60 s idle, 2 s on a draining replica, 16,384 sessions.
    public static final Udp DEFAULT =
        new Udp(Duration.ofSeconds(60), Duration.ofSeconds(2), 16_384);

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException when a time is not positive or the limit is below 1
    public Udp {
      requirePositive("idleTimeout", idleTimeout);
      requirePositive("drainIdleTimeout", drainIdleTimeout);
      requireAtLeastOne("sessionsPerPortMax", sessionsPerPortMax);
    }
  }

  /// Checks the values.
  ///
  /// @throws IllegalArgumentException when the number of threads is out of range or the retry time
  ///     is not positive
  public MeshConfig {
    Objects.requireNonNull(bindAddress, "bindAddress");
    if (eventLoopThreads < 1 || eventLoopThreads > EVENT_LOOPS_MAX) {
      throw new IllegalArgumentException(
          "eventLoopThreads is %d; give 1 to %d".formatted(eventLoopThreads, EVENT_LOOPS_MAX));
    }
    requirePositive("bindRetryMax", bindRetryMax);
  }

  /// The defaults for a node: one event loop on up to three processors and two on more.
  public static MeshConfig defaults(InetAddress bindAddress) {
    int threads =
        Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, DEFAULT_EVENT_LOOPS);
    return new MeshConfig(
        bindAddress, threads, true, Duration.ofSeconds(10), Tcp.DEFAULT, Udp.DEFAULT);
  }

  /// This with other TCP settings.
  public MeshConfig withTcp(Tcp changed) {
    return new MeshConfig(bindAddress, eventLoopThreads, preferNative, bindRetryMax, changed, udp);
  }

  /// This with other UDP settings.
  public MeshConfig withUdp(Udp changed) {
    return new MeshConfig(bindAddress, eventLoopThreads, preferNative, bindRetryMax, tcp, changed);
  }

  /// This with another number of event loop threads.
  public MeshConfig withEventLoopThreads(int changed) {
    return new MeshConfig(bindAddress, changed, preferNative, bindRetryMax, tcp, udp);
  }

  /// This with epoll preferred or not.
  public MeshConfig withPreferNative(boolean changed) {
    return new MeshConfig(bindAddress, eventLoopThreads, changed, bindRetryMax, tcp, udp);
  }

  /// This with another longest wait between attempts to bind.
  public MeshConfig withBindRetryMax(Duration changed) {
    return new MeshConfig(bindAddress, eventLoopThreads, preferNative, changed, tcp, udp);
  }

  private static void requirePositive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + " is " + value + "; give more than zero");
    }
  }

  private static void requireNotNegative(String name, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(name + " is " + value + "; give zero or more");
    }
  }

  private static void requireAtLeastOne(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " is " + value + "; give 1 or more");
    }
  }
}
