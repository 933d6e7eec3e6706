package dev.skein.manager.rpc;

import dev.skein.state.StoreException;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// How an RPC with one answer ends: with the answer, or with a status that tells the user what was
/// wrong. Runs on the call's own (virtual) thread, which may block.
public final class Answer {

  /// How long a call without a deadline of its own may take.
  public static final int SECONDS_MAX = 10;

  private Answer() {}

  /// Computes an answer.
  @FunctionalInterface
  public interface Work<T> {
    T call() throws StatusException, InterruptedException;
  }

  /// Sends what `work` returns, or the status of what it throws. A bug is not a status: it is
  /// thrown on.
  public static <T> void to(StreamObserver<T> observer, Work<T> work) {
    T answer;
    try {
      answer = work.call();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      observer.onError(Status.CANCELLED.withCause(e).asException());
      return;
    } catch (StatusException | StatusRuntimeException e) {
      observer.onError(e);
      return;
    }
    observer.onNext(answer);
    observer.onCompleted();
  }

  /// When the present call must have ended.
  public static Deadline deadline() {
    var given = Context.current().getDeadline();
    var longest = Deadline.after(SECONDS_MAX, TimeUnit.SECONDS);
    return given == null ? longest : given.minimum(longest);
  }

  /// Waits for the store, at most until [#deadline()].
  public static <T> T await(CompletableFuture<T> future)
      throws StatusException, InterruptedException {
    try {
      return future.get(
          Math.max(1, deadline().timeRemaining(TimeUnit.MILLISECONDS)), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw Status.DEADLINE_EXCEEDED
          .withDescription("no quorum of managers answered in time; the outcome is unknown")
          .asException();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof StoreException failure) {
        throw statusOf(failure);
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /// The status that tells a caller of a store's failure.
  public static StatusException statusOf(StoreException failure) {
    return switch (failure) {
      case StoreException.ConflictException e ->
          Status.ABORTED.withDescription("update out of sequence").withCause(e).asException();
      case StoreException.NotLeaderException e -> {
        var trailers = new Metadata();
        trailers.put(LeaderChannel.NOT_BEGUN, "1");
        yield Status.UNAVAILABLE.withDescription(e.getMessage()).asException(trailers);
      }
      case StoreException.UnavailableException e ->
          Status.UNAVAILABLE.withDescription(e.getMessage()).asException();
      case StoreException.TooLargeException e ->
          Status.RESOURCE_EXHAUSTED.withDescription(e.getMessage()).asException();
    };
  }
}
