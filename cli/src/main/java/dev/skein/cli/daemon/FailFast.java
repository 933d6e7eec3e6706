package dev.skein.cli.daemon;

import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ends the daemon when one of its threads ends by what nobody expected. One without its dispatcher
/// or its agent's loop would look alive and do nothing; a daemon that is started again takes its
/// tasks over and goes on.
final class FailFast implements Thread.UncaughtExceptionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(FailFast.class);

  private final BooleanSupplier stopping;
  private final Runnable die;

  /// @param stopping whether the daemon is ending in order: what fails then is only noted
  /// @param die ends the process
  FailFast(BooleanSupplier stopping, Runnable die) {
    this.stopping = stopping;
    this.die = die;
  }

  @Override
  public void uncaughtException(Thread thread, Throwable cause) {
    // Handed to an executor that is closed: when the daemon stops, or its role changes.
    if (stopping.getAsBoolean() || cause instanceof RejectedExecutionException) {
      LOG.warn("thread {} failed while its work was ended", thread.getName(), cause);
      return;
    }
    LOG.error("this daemon ends, as its thread {} cannot go on", thread.getName(), cause);
    die.run();
  }
}
