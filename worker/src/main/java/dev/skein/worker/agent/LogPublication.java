package dev.skein.worker.agent;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import dev.skein.proto.v1.DispatcherGrpc;
import dev.skein.proto.v1.LogLine;
import dev.skein.proto.v1.LogOptions;
import dev.skein.proto.v1.LogSubscription;
import dev.skein.proto.v1.PublishLogsMessage;
import dev.skein.proto.v1.PublishLogsResponse;
import dev.skein.proto.v1.TaskState;
import dev.skein.worker.runtime.TaskRuntime;
import dev.skein.worker.runtime.log.LogEntry;
import dev.skein.worker.runtime.log.LogReader;
import dev.skein.worker.runtime.log.LogStream;
import io.grpc.Channel;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One subscription: a reader per task, and one sender that batches what they read and waits for
/// the manager to take it. Readers wait for the sender, so memory is bounded.
final class LogPublication {

  /// Lines that wait to be sent.
  static final int QUEUE_MAX = 512;

  /// Lines and bytes of one message.
  static final int LINES_MAX = 256;

  static final int BYTES_MAX = 128 << 10;

  private static final long LOOK_AGAIN_MS = 50;

  private final LogSubscription subscription;
  private final String nodeId;
  private final Channel channel;
  private final Function<String, @Nullable WorkerTask> tasks;
  private final Function<WorkerTask, @Nullable TaskRuntime> runtimes;
  private final Runnable done;
  private final ArrayBlockingQueue<Piece> queue = new ArrayBlockingQueue<>(QUEUE_MAX);
  private final Set<LogReader> readers = new HashSet<>();
  private final Object ready = new Object();
  private volatile boolean cancelled;
  private volatile @Nullable ClientCallStreamObserver<PublishLogsMessage> out;

  /// What a reader hands to the sender.
  private sealed interface Piece {
    record Line(LogLine line) implements Piece {}

    record Warning(String text) implements Piece {}

    record End(String taskId) implements Piece {}
  }

  LogPublication(
      LogSubscription subscription,
      String nodeId,
      Channel channel,
      Function<String, @Nullable WorkerTask> tasks,
      Function<WorkerTask, @Nullable TaskRuntime> runtimes,
      Runnable done) {
    this.subscription = subscription;
    this.nodeId = nodeId;
    this.channel = channel;
    this.tasks = tasks;
    this.runtimes = runtimes;
    this.done = done;
  }

  /// Opens the stream and starts reading.
  void start(ExecutorService blocking) {
    open();
    for (var taskId : subscription.getTaskIdsList()) {
      blocking.execute(() -> read(taskId));
    }
    blocking.execute(this::send);
  }

  /// Answers with a warning only.
  void refuse(String warning) {
    open();
    var stream = out;
    if (stream != null) {
      stream.onNext(message().setWarning(warning).build());
      stream.onCompleted();
    }
  }

  /// Stops reading and sending.
  void cancel() {
    cancelled = true;
    synchronized (readers) {
      for (var reader : readers) {
        close(reader);
      }
      readers.clear();
    }
    var stream = out;
    if (stream != null) {
      stream.cancel("nobody asks for these logs any more", null);
    }
    synchronized (ready) {
      ready.notifyAll();
    }
    done.run();
  }

  private static void close(LogReader reader) {
    try {
      reader.close();
    } catch (IOException ignored) {
      // Nothing is written to it.
    }
  }

  private PublishLogsMessage.Builder message() {
    return PublishLogsMessage.newBuilder().setSubscriptionId(subscription.getSubscriptionId());
  }

  private void open() {
    // The stub hands the stream over by beforeStart as well; it is the same.
    var _ = DispatcherGrpc.newStub(channel).publishLogs(new Answer());
  }

  private final class Answer
      implements ClientResponseObserver<PublishLogsMessage, PublishLogsResponse> {
    @Override
    public void beforeStart(ClientCallStreamObserver<PublishLogsMessage> stream) {
      out = stream;
      stream.setOnReadyHandler(
          () -> {
            synchronized (ready) {
              ready.notifyAll();
            }
          });
    }

    @Override
    public void onNext(PublishLogsResponse response) {}

    @Override
    public void onError(Throwable failure) {
      cancel();
    }

    @Override
    public void onCompleted() {
      done.run();
    }
  }

  // ---- Readers

  private void read(String taskId) {
    try {
      var reader = reader(taskId);
      if (reader == null) {
        return;
      }
      synchronized (readers) {
        readers.add(reader);
      }
      try {
        for (var entry = reader.next(); entry != null && !cancelled; entry = reader.next()) {
          put(new Piece.Line(line(taskId, entry)));
        }
      } finally {
        synchronized (readers) {
          readers.remove(reader);
        }
        close(reader);
      }
    } catch (IOException e) {
      warn("the log of task %s on node %s can't be read: %s".formatted(taskId, nodeId, e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      put(new Piece.End(taskId));
    }
  }

  /// Opens the task's log; a follower waits for the task to be started. Null when there is
  /// nothing.
  private @Nullable LogReader reader(String taskId) throws IOException {
    while (!cancelled) {
      var task = tasks.apply(taskId);
      if (task == null) {
        return null;
      }
      var started = !TaskStates.isBefore(task.state(), TaskState.TASK_STATE_RUNNING);
      if (started && !task.held()) {
        return null;
      }
      var runtime = runtimes.apply(task);
      if (runtime == null) {
        return null;
      }
      if (started) {
        try {
          return runtime.logs(taskId, options());
        } catch (NoSuchFileException e) {
          // It never wrote anything: it ended before it was started, or was removed just now.
          return null;
        }
      }
      if (!subscription.getOptions().getFollow()) {
        return null;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_AGAIN_MS));
    }
    return null;
  }

  private dev.skein.worker.runtime.log.LogOptions options() {
    LogOptions asked = subscription.getOptions();
    var streams = EnumSet.noneOf(LogStream.class);
    if (asked.getStdout()) {
      streams.add(LogStream.STDOUT);
    }
    if (asked.getStderr()) {
      streams.add(LogStream.STDERR);
    }
    return new dev.skein.worker.runtime.log.LogOptions(
        asked.getFollow(),
        Math.toIntExact(Math.clamp(asked.getTail(), -1, Integer.MAX_VALUE)),
        asked.hasSince() ? instant(asked.getSince()) : null,
        asked.hasUntil() ? instant(asked.getUntil()) : null,
        streams);
  }

  private static Instant instant(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
  }

  private LogLine line(String taskId, LogEntry entry) {
    return LogLine.newBuilder()
        .setTaskId(taskId)
        .setNodeId(nodeId)
        .setTimestamp(TaskMachine.timestamp(entry.at()))
        .setStream(
            entry.stream() == LogStream.STDOUT
                ? dev.skein.proto.v1.LogStream.LOG_STREAM_STDOUT
                : dev.skein.proto.v1.LogStream.LOG_STREAM_STDERR)
        .setLine(ByteString.copyFromUtf8(entry.line()))
        .build();
  }

  private void warn(String text) {
    put(new Piece.Warning(text));
  }

  private void put(Piece piece) {
    try {
      while (!cancelled && !queue.offer(piece, 1, TimeUnit.SECONDS)) {
        // The manager takes nothing at the moment: the reader waits with it.
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- The sender

  private void send() {
    var open = new HashSet<>(subscription.getTaskIdsList());
    var stream = out;
    if (stream == null) {
      return;
    }
    try {
      // The first message says what the stream is for, also when there are no lines yet.
      var next = message();
      while (!cancelled) {
        awaitReady(stream);
        if (cancelled) {
          return;
        }
        stream.onNext(next.build());
        if (open.isEmpty()) {
          stream.onCompleted();
          return;
        }
        next = gather(open);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitReady(ClientCallStreamObserver<PublishLogsMessage> stream)
      throws InterruptedException {
    synchronized (ready) {
      while (!cancelled && !stream.isReady()) {
        ready.wait(1_000);
      }
    }
  }

  /// Waits for something to send, and takes what has come with it.
  private PublishLogsMessage.Builder gather(Set<String> open) throws InterruptedException {
    var message = message();
    var pieces = new ArrayList<Piece>();
    Piece first = null;
    while (first == null && !cancelled) {
      first = queue.poll(1, TimeUnit.SECONDS);
    }
    var bytes = 0;
    for (var piece = first; piece != null; piece = next(pieces.size(), bytes)) {
      pieces.add(piece);
      switch (piece) {
        case Piece.Line(var line) -> {
          bytes += line.getSerializedSize();
          message.addLines(line);
        }
        case Piece.Warning(var text) ->
            message.setWarning(
                message.getWarning().isEmpty() ? text : message.getWarning() + "; " + text);
        case Piece.End(var taskId) -> {
          open.remove(taskId);
          message.addEndedTaskIds(taskId);
        }
      }
    }
    return message;
  }

  private @Nullable Piece next(int taken, int bytes) {
    return taken < LINES_MAX && bytes < BYTES_MAX ? queue.poll() : null;
  }
}
