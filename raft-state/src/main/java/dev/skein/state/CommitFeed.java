package dev.skein.state;

import java.util.ArrayDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// Hands commits to watches. The applying thread publishes; watches may be opened, read and closed
/// from any thread.
final class CommitFeed {
  private final CopyOnWriteArrayList<Queue> queues = new CopyOnWriteArrayList<>();
  private final int capacity;
  private ClusterState state;

  /// @param capacity commits that may wait in one watch
  CommitFeed(ClusterState state, int capacity) {
    this.state = state;
    this.capacity = capacity;
  }

  synchronized ClusterState state() {
    return state;
  }

  /// Makes `after` the present state and tells all watches, unless nothing changed in it.
  void publish(Applied applied) {
    Commit commit;
    synchronized (this) {
      var before = state;
      state = applied.state();
      if (applied.changes().isEmpty()) {
        return;
      }
      commit = new Commit(state.index(), before, state, applied.changes());
      queues.forEach(queue -> queue.offer(commit));
    }
    queues.forEach(queue -> queue.available.run());
  }

  /// Makes another state the present one; watches are told to start again from it.
  void replace(ClusterState replacement) {
    synchronized (this) {
      state = replacement;
      queues.forEach(queue -> queue.resync(replacement));
    }
    queues.forEach(queue -> queue.available.run());
  }

  synchronized Watch watch(Runnable available) {
    var queue = new Queue(state, available);
    queues.add(queue);
    return queue;
  }

  private final class Queue implements Watch {
    private final ClusterState initial;
    private final Runnable available;
    private final ArrayDeque<Commit> commits = new ArrayDeque<>();
    // Set while commits are missing: the state that stands for them.
    private @Nullable ClusterState resync;
    private boolean closed;

    Queue(ClusterState initial, Runnable available) {
      this.initial = initial;
      this.available = available;
    }

    @Override
    public ClusterState initial() {
      return initial;
    }

    synchronized void offer(Commit commit) {
      if (closed) {
        return;
      }
      if (resync != null || commits.size() >= capacity) {
        resync(commit.after());
      } else {
        commits.add(commit);
        notifyAll();
      }
    }

    synchronized void resync(ClusterState latest) {
      if (!closed) {
        commits.clear();
        resync = latest;
        notifyAll();
      }
    }

    @Override
    public synchronized WatchEvent take() throws InterruptedException {
      while (true) {
        if (closed) {
          throw new IllegalStateException("the watch is closed");
        }
        var event = poll();
        if (event != null) {
          return event;
        }
        wait();
      }
    }

    @Override
    public synchronized @Nullable WatchEvent poll() {
      if (resync != null) {
        var event = new Resync(resync);
        resync = null;
        return event;
      }
      return commits.poll();
    }

    @Override
    public void close() {
      queues.remove(this);
      synchronized (this) {
        closed = true;
        commits.clear();
        resync = null;
        notifyAll();
      }
    }
  }
}
