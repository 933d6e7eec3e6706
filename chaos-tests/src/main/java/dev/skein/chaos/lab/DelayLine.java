package dev.skein.chaos.lab;

import dev.skein.chaos.RealTime;
import dev.skein.chaos.lab.FramePort.Readiness;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/// Carries all frames between a link and a new one, both ways, each after a while: what a kernel
/// without netem can't do by itself. Whoever takes the link's place on a bridge with the new one
/// has delayed all that the link's other end sends and gets, connections that there are as well.
///
/// It ends, and the new link with it, when it is closed, when the process ends, or when somebody
/// deletes one of the two links.
@RealTime
public final class DelayLine implements AutoCloseable {

  /// How long it takes at most until its threads notice that it is closed.
  private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /// How many frames are taken from a link before those that are due are sent.
  private static final int READ_AT_ONCE = 64;

  private final FramePort link;
  private final FramePort tap;
  private final List<Thread> threads;
  private volatile boolean closed;

  private DelayLine(
      FramePort link, FramePort tap, Duration delay, Duration jitter, RandomGenerator random) {
    this.link = link;
    this.tap = tap;
    var toTap = held(delay, jitter, random);
    var toLink = held(delay, jitter, random);
    this.threads =
        List.of(
            Thread.ofPlatform().name("delay-out").daemon().unstarted(() -> carry(link, tap, toTap)),
            Thread.ofPlatform()
                .name("delay-in")
                .daemon()
                .unstarted(() -> carry(tap, link, toLink)));
  }

  private static HeldFrames held(Duration delay, Duration jitter, RandomGenerator random) {
    return new HeldFrames(
        delay.toNanos(), jitter.toNanos(), new SplittableRandom(random.nextLong()));
  }

  /// Why this machine has none, if it hasn't.
  public static Optional<String> missing() {
    return Files.exists(Path.of("/dev/net/tun"))
        ? Optional.empty()
        : Optional.of("/dev/net/tun is missing: modprobe tun");
  }

  /// Begins to carry frames.
  ///
  /// @param namespace the network namespace with the link
  /// @param link a link in it, which should be on no bridge
  /// @param tap the name of the link that is made
  /// @param delay of each frame
  /// @param jitter by how much less or more at the most
  public static DelayLine open(
      Path namespace,
      String link,
      String tap,
      Duration delay,
      Duration jitter,
      RandomGenerator random)
      throws IOException {
    var opened = new CompletableFuture<DelayLine>();
    // A thread of its own, which stays in that network and ends there.
    Thread.ofPlatform()
        .name("delay-open")
        .start(
            () -> {
              try {
                NetworkNamespace.enter(namespace);
                opened.complete(openHere(link, tap, delay, jitter, random));
              } catch (IOException | RuntimeException | Error e) {
                opened.completeExceptionally(e);
              }
            });
    try {
      var line = opened.join();
      line.threads.forEach(Thread::start);
      return line;
    } catch (CompletionException e) {
      throw new IOException(
          "packets of %s can't be delayed: %s"
              .formatted(link, Objects.requireNonNull(e.getCause()).getMessage()),
          e);
    }
  }

  private static DelayLine openHere(
      String link, String tap, Duration delay, Duration jitter, RandomGenerator random)
      throws IOException {
    var there = FramePort.link(link);
    try {
      return new DelayLine(there, FramePort.tap(tap), delay, jitter, random);
    } catch (IOException | RuntimeException | Error e) {
      there.close();
      throw e;
    }
  }

  private void carry(FramePort from, FramePort to, HeldFrames held) {
    try {
      while (!closed) {
        var now = System.nanoTime();
        // Rounded up: it would turn round and round in the last millisecond otherwise.
        var millis = (held.nanosToNext(now, LOOK_AGAIN_NANOS) + 999_999) / 1_000_000;
        var readiness = from.await((int) millis);
        if (readiness == Readiness.GONE) {
          closed = true;
        } else if (readiness == Readiness.READABLE) {
          take(from, held);
        }
        now = System.nanoTime();
        while (held.isDue(now)) {
          to.write(held.take());
        }
      }
    } catch (IOException e) {
      // As on a broken wire: the network is cut until the fault is undone.
    } finally {
      // The other thread ends as well.
      closed = true;
    }
  }

  private static void take(FramePort from, HeldFrames held) throws IOException {
    for (var i = 0; i < READ_AT_ONCE; i++) {
      var frame = from.read();
      if (frame.isEmpty()) {
        return;
      }
      held.hold(frame.get(), System.nanoTime());
    }
  }

  /// Whether it carries frames still.
  public boolean isOpen() {
    return !closed;
  }

  /// Ends it; frames that were held are lost.
  @Override
  public void close() throws IOException {
    closed = true;
    try {
      for (var thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      // The ports are the threads' still; the kernel takes them when the process ends.
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    try {
      link.close();
    } finally {
      tap.close();
    }
  }
}
