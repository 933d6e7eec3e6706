package dev.skein.cli.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class FailFastTest {
  private final AtomicBoolean dead = new AtomicBoolean();

  private void failAThread(boolean stopping, RuntimeException cause) throws InterruptedException {
    var thread =
        Thread.ofVirtual()
            .uncaughtExceptionHandler(new FailFast(() -> stopping, () -> dead.set(true)))
            .start(
                () -> {
                  throw cause;
                });
    thread.join();
  }

  @Test
  void theDaemonEndsWithAThreadThatFails() throws InterruptedException {
    failAThread(false, new IllegalStateException("a bug"));
    assertThat(dead).isTrue();
  }

  @Test
  void whatFailsWhileItStopsIsOnlyNoted() throws InterruptedException {
    failAThread(true, new IllegalStateException("a bug"));
    assertThat(dead).isFalse();
  }

  @Test
  void whatComesTooLateForAClosedExecutorIsOnlyNoted() throws InterruptedException {
    failAThread(false, new RejectedExecutionException("closed"));
    assertThat(dead).isFalse();
  }
}
