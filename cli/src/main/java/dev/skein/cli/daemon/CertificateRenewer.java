package dev.skein.cli.daemon;

import dev.skein.cli.daemon.identity.Enrolment;
import dev.skein.cli.daemon.identity.Identity;
import dev.skein.cli.daemon.identity.IdentityStore;
import dev.skein.cli.daemon.identity.NodeTls;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Renews this node's certificate: at a random point between half and four fifths of its life, as
/// SwarmKit does, and at once when asked because the node's role is to change. Its own thread.
final class CertificateRenewer implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(CertificateRenewer.class);
  private static final double EARLIEST = 0.5;
  private static final double LATEST = 0.8;
  private static final Duration RETRY_MIN = Duration.ofMillis(500);
  private static final Duration RETRY_MAX = Duration.ofMinutes(5);

  /// The wall clock may jump: it is looked at this often at least.
  private static final Duration LOOK_AGAIN = Duration.ofMinutes(1);

  private final NodeTls tls;
  private final IdentityStore store;
  private final Supplier<Channel> manager;
  private final Consumer<Identity> renewed;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wake = lock.newCondition();
  private boolean asked;
  private boolean closed;

  /// @param manager a connection to any manager, chosen anew for each attempt
  /// @param renewed told of each new identity once it is on disk and in use
  CertificateRenewer(
      NodeTls tls,
      IdentityStore store,
      Supplier<Channel> manager,
      Consumer<Identity> renewed,
      InstantSource clock,
      RandomGenerator random) {
    this.tls = tls;
    this.store = store;
    this.manager = manager;
    this.renewed = renewed;
    this.clock = clock;
    this.random = random;
    this.thread = Thread.ofPlatform().daemon().name("certificate-renewer").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /// Renews now.
  void renewNow() {
    lock.lock();
    try {
      asked = true;
      wake.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      wake.signalAll();
    } finally {
      lock.unlock();
    }
    thread.interrupt();
  }

  private void run() {
    try {
      while (awaitTime(renewalTime(tls.identity()))) {
        renewUntilDone();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Instant renewalTime(Identity identity) {
    var from = identity.certificate().getNotBefore().toInstant();
    var life = Duration.between(from, identity.certificate().getNotAfter().toInstant());
    var share = EARLIEST + (LATEST - EARLIEST) * random.nextDouble();
    return from.plusMillis((long) (life.toMillis() * share));
  }

  private void renewUntilDone() throws InterruptedException {
    var pause = RETRY_MIN;
    while (!renew()) {
      if (!awaitTime(clock.instant().plus(pause))) {
        return;
      }
      pause = pause.multipliedBy(2).compareTo(RETRY_MAX) < 0 ? pause.multipliedBy(2) : RETRY_MAX;
    }
  }

  private boolean renew() {
    try {
      var identity = Enrolment.renew(manager.get());
      store.save(identity);
      tls.use(identity);
      LOG.info(
          "certificate renewed, valid until {}", identity.certificate().getNotAfter().toInstant());
      renewed.accept(identity);
      return true;
    } catch (StatusRuntimeException | IllegalStateException | IOException e) {
      LOG.warn(
          "the certificate, valid until {}, could not be renewed yet: {}",
          tls.identity().certificate().getNotAfter().toInstant(),
          e.getMessage());
      return false;
    }
  }

  /// Waits until `time`, or until asked.
  ///
  /// @return false once closed
  private boolean awaitTime(Instant time) throws InterruptedException {
    lock.lock();
    try {
      while (!closed && !asked) {
        var left = Duration.between(clock.instant(), time);
        if (!left.isPositive()) {
          break;
        }
        var step = left.compareTo(LOOK_AGAIN) < 0 ? left : LOOK_AGAIN;
        var _ = wake.await(step.toNanos(), TimeUnit.NANOSECONDS);
      }
      asked = false;
      return !closed;
    } finally {
      lock.unlock();
    }
  }
}
