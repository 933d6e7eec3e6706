package dev.skein.worker.agent;

import dev.skein.proto.v1.LogSubscription;
import dev.skein.worker.runtime.TaskRuntime;
import io.grpc.Channel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Publishes the logs that managers subscribe to. Thread-safe.
final class LogPublisher implements AutoCloseable {

  /// Subscriptions at once; a further one is answered with a warning only.
  static final int SUBSCRIPTIONS_MAX = 256;

  private final Function<String, @Nullable WorkerTask> tasks;
  private final Function<WorkerTask, @Nullable TaskRuntime> runtimes;
  private final ExecutorService blocking;
  private final Map<String, LogPublication> open = new ConcurrentHashMap<>();

  /// @param tasks the node's tasks by id
  /// @param runtimes the runtime of a task
  /// @param blocking runs what waits for lines
  LogPublisher(
      Function<String, @Nullable WorkerTask> tasks,
      Function<WorkerTask, @Nullable TaskRuntime> runtimes,
      ExecutorService blocking) {
    this.tasks = tasks;
    this.runtimes = runtimes;
    this.blocking = blocking;
  }

  /// Begins to publish.
  ///
  /// @param channel to the manager that subscribed
  void subscribe(LogSubscription subscription, String nodeId, Channel channel) {
    var id = subscription.getSubscriptionId();
    var publication =
        new LogPublication(subscription, nodeId, channel, tasks, runtimes, () -> open.remove(id));
    if (open.size() >= SUBSCRIPTIONS_MAX) {
      publication.refuse(
          "node %s publishes %d logs already, its limit".formatted(nodeId, SUBSCRIPTIONS_MAX));
      return;
    }
    if (open.putIfAbsent(id, publication) == null) {
      publication.start(blocking);
    }
  }

  /// Stops publishing.
  void unsubscribe(String subscriptionId) {
    var publication = open.get(subscriptionId);
    if (publication != null) {
      publication.cancel();
    }
  }

  /// The manager that subscribed is gone, and with it those who asked it.
  void disconnected() {
    open.values().forEach(LogPublication::cancel);
  }

  @Override
  public void close() {
    disconnected();
  }
}
