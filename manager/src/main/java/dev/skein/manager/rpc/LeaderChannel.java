package dev.skein.manager.rpc;

import static java.util.Objects.requireNonNull;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.net.ConnectException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A channel that ends at whichever manager leads. It takes calls with one request message.
///
/// A call waits while there is no leader, until its deadline or [#PATIENCE_MS]. It is tried again,
/// at the leader of that time, only if it surely did nothing: its method has no side effects, or
/// the manager answered that it had not begun, or could not be connected to at all. What may have
/// been done is never done twice; the caller is then told that the outcome is unknown.
///
/// A leader that hangs or is cut off does not end the calls that it has. When another leads, those
/// without side effects that have a deadline are asked there instead; one without a deadline is a
/// stream that may have nothing to say for long.
public final class LeaderChannel extends Channel {

  /// In the trailers of an answer: the call was refused before anything was done, so that it may be
  /// tried elsewhere.
  public static final Metadata.Key<String> NOT_BEGUN =
      Metadata.Key.of("skein-not-begun", Metadata.ASCII_STRING_MARSHALLER);

  /// How long a call without a deadline waits for a leader.
  static final long PATIENCE_MS = 5_000;

  private final LeaderRoute route;
  private final Executor executor;
  private final LongSupplier nanoTime;
  private final Set<Call<?, ?>> movable = ConcurrentHashMap.newKeySet();

  /// @param executor runs the waiting; a thread is held for each call that waits
  public LeaderChannel(LeaderRoute route, Executor executor, LongSupplier nanoTime) {
    this.route = route;
    this.executor = executor;
    this.nanoTime = nanoTime;
  }

  @Override
  public <ReqT, RespT> ClientCall<ReqT, RespT> newCall(
      MethodDescriptor<ReqT, RespT> method, CallOptions options) {
    if (!method.getType().clientSendsOneMessage()) {
      throw new IllegalArgumentException(
          method.getFullMethodName() + " streams its request; it cannot be repeated");
    }
    return new Call<>(method, options);
  }

  /// Called whenever the leader changed.
  public void leaderChanged() {
    route.changed();
    movable.forEach(Call::move);
    if (!movable.isEmpty()) {
      try {
        executor.execute(this::moveSoon);
      } catch (RejectedExecutionException closing) {
        // The calls end with their connections.
      }
    }
  }

  /// Who leads may be known before its address is, and change again without a further event.
  private void moveSoon() {
    var end = nanoTime.getAsLong() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MS);
    try {
      for (var left = end - nanoTime.getAsLong();
          left > 0 && !movable.isEmpty();
          left = end - nanoTime.getAsLong()) {
        route.pause(left);
        movable.forEach(Call::move);
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String authority() {
    return "leader";
  }

  private final class Call<ReqT, RespT> extends ClientCall<ReqT, RespT> {

    private final MethodDescriptor<ReqT, RespT> method;
    private final CallOptions options;
    private final long giveUpAt;
    private @Nullable Listener<RespT> listener;
    private @Nullable Metadata headers;
    private @Nullable ReqT request;
    // Guarded by this: the attempt under way, to whom, whether a message of its answer was handed
    // on, whether it is given up for another leader, how many messages were asked for, and its end.
    private @Nullable ClientCall<ReqT, RespT> attempt;
    private @Nullable Channel asked;
    private boolean answered;
    private boolean moving;
    private boolean closed;
    private int requested;
    private @Nullable Status cancelled;

    Call(MethodDescriptor<ReqT, RespT> method, CallOptions options) {
      this.method = method;
      this.options = options;
      var deadline = options.getDeadline();
      var patience = TimeUnit.MILLISECONDS.toNanos(PATIENCE_MS);
      this.giveUpAt =
          nanoTime.getAsLong()
              + (deadline == null
                  ? patience
                  : Math.min(patience, deadline.timeRemaining(TimeUnit.NANOSECONDS)));
    }

    @Override
    public void start(Listener<RespT> responseListener, Metadata headers) {
      this.listener = responseListener;
      this.headers = headers;
    }

    @Override
    public void sendMessage(ReqT message) {
      request = message;
    }

    @Override
    public void halfClose() {
      if (method.isSafe() && options.getDeadline() != null) {
        movable.add(this);
      }
      inBackground(this::tryOnce);
    }

    /// While the manager is being closed nobody may run the step, or its connections may be gone:
    /// the call must end all the same.
    private void inBackground(Runnable step) {
      try {
        executor.execute(
            () -> {
              try {
                step.run();
              } catch (IllegalStateException e) {
                stopped(e);
              }
            });
      } catch (RejectedExecutionException e) {
        stopped(e);
      }
    }

    private void stopped(RuntimeException cause) {
      close(
          Status.UNAVAILABLE.withDescription("this manager is being stopped").withCause(cause),
          new Metadata());
    }

    @Override
    public synchronized void request(int numMessages) {
      requested += numMessages;
      if (attempt != null) {
        attempt.request(numMessages);
      }
    }

    @Override
    public synchronized void cancel(@Nullable String message, @Nullable Throwable cause) {
      if (cancelled == null) {
        cancelled = Status.CANCELLED.withDescription(message).withCause(cause);
        if (attempt != null) {
          attempt.cancel(message, cause);
        }
      }
    }

    private void tryOnce() {
      Channel leader;
      try {
        leader = route.await(remainingNanos());
      } catch (InterruptedException e) {
        close(Status.CANCELLED.withCause(e), new Metadata());
        return;
      }
      if (leader == null) {
        close(
            Status.UNAVAILABLE.withDescription(
                "The swarm does not have a leader. It's possible that too few managers are online."
                    + " Make sure more than half of the managers are online."),
            new Metadata());
        return;
      }
      var sent = new Metadata();
      sent.merge(requireNonNull(headers));
      var call = leader.newCall(method, options);
      synchronized (this) {
        if (cancelled == null) {
          // All of it before a cancellation may come in: a cancelled call can't be sent on.
          attempt = call;
          asked = leader;
          call.start(new Relay(), sent);
          if (requested > 0) {
            call.request(requested);
          }
          call.sendMessage(requireNonNull(request));
          call.halfClose();
          if (movable.contains(this)) {
            move(); // The leader may have changed before there was an attempt to give up.
          }
          return;
        }
      }
      close(requireNonNull(cancelled), new Metadata());
    }

    /// Gives up the attempt at a manager that leads no longer, if another is known to lead.
    private synchronized void move() {
      Channel leader;
      try {
        leader = route.now();
      } catch (IllegalStateException closing) {
        return;
      }
      var gone = leader != null && !leader.equals(asked);
      if (gone && attempt != null && !answered && !moving) {
        moving = true;
        attempt.cancel("another manager leads", null);
      }
    }

    private void tryAgain() {
      inBackground(
          () -> {
            try {
              route.pause(remainingNanos());
            } catch (InterruptedException e) {
              close(Status.CANCELLED.withCause(e), new Metadata());
              return;
            }
            tryOnce();
          });
    }

    private long remainingNanos() {
      return giveUpAt - nanoTime.getAsLong();
    }

    /// On the call's own executor: a blocking stub waits for what is given to that, and would not
    /// notice an end that came by another thread.
    private void close(Status status, Metadata trailers) {
      synchronized (this) {
        if (closed) {
          return; // Its attempt ended while this manager was being stopped.
        }
        closed = true;
      }
      movable.remove(this);
      var told = requireNonNull(listener);
      var own = options.getExecutor();
      if (own == null) {
        told.onClose(status, trailers);
      } else {
        own.execute(() -> told.onClose(status, trailers));
      }
    }

    /// Hands the answer on, unless it is one to try again after.
    private final class Relay extends ClientCall.Listener<RespT> {

      @Override
      public void onHeaders(Metadata headers) {
        requireNonNull(listener).onHeaders(headers);
      }

      @Override
      public void onMessage(RespT message) {
        synchronized (Call.this) {
          if (moving) {
            return;
          }
          answered = true;
        }
        movable.remove(Call.this);
        requireNonNull(listener).onMessage(message);
      }

      @Override
      public void onReady() {
        requireNonNull(listener).onReady();
      }

      @Override
      public void onClose(Status status, Metadata trailers) {
        boolean again;
        synchronized (Call.this) {
          var moved = moving && cancelled == null;
          again = !answered && (moved || (mayTryAgain(status, trailers) && remainingNanos() > 0));
          moving = false;
          attempt = null;
        }
        if (again) {
          tryAgain();
        } else {
          close(explained(status), trailers);
        }
      }

      private boolean mayTryAgain(Status status, Metadata trailers) {
        if (trailers.containsKey(NOT_BEGUN)) {
          return true;
        }
        return status.getCode() == Status.Code.UNAVAILABLE
            && (method.isSafe() || status.getCause() instanceof ConnectException);
      }

      private Status explained(Status status) {
        var lost = status.getCode() == Status.Code.UNAVAILABLE && status.getCause() != null;
        return lost && !method.isSafe()
            ? status.withDescription(
                "the connection to the leader was lost; whether the command took effect is unknown")
            : status;
      }
    }
  }
}
