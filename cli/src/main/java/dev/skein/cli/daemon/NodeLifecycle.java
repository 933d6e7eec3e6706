package dev.skein.cli.daemon;

import dev.skein.api.ApiException;
import dev.skein.api.LocalNode;
import dev.skein.cli.daemon.identity.Identity;
import dev.skein.cli.daemon.identity.IdentityStore;
import dev.skein.proto.v1.InitRequest;
import dev.skein.proto.v1.JoinRequest;
import dev.skein.proto.v1.LocalNodeInfo;
import dev.skein.proto.v1.LocalNodeState;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.NodeRecord;
import dev.skein.proto.v1.RemoteManager;
import dev.skein.state.ClusterState;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How this node enters a swarm, changes its role in it, and leaves it: one step after the other,
/// on one thread.
final class NodeLifecycle implements LocalNode, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(NodeLifecycle.class);

  private static final String ALREADY =
      "This node is already part of a swarm. Use \"skein swarm leave\" to leave this swarm and join"
          + " another one.";
  private static final String LATE =
      "Timeout was reached before node joined. The attempt to join the swarm will continue in the"
          + " background. Use the \"skein info\" command to see the current swarm status of your"
          + " node. Last error: ";
  private static final int CLOSE_SECONDS = 5;

  private static final long RETRY_MS = 500;

  private final DaemonOptions options;
  private final DaemonFiles files;
  private final WorkerFactory workers;
  private final SwitchedChannel control;
  private final SecureRandom random;
  private final Runnable die;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("node-lifecycle").factory());
  private volatile @Nullable Member member;
  private volatile LocalNodeState state = LocalNodeState.LOCAL_NODE_STATE_INACTIVE;
  private volatile String error = "";
  // Whether #follow will be called again by itself; of the lifecycle's thread.
  private boolean retrying;

  NodeLifecycle(
      DaemonOptions options,
      DaemonFiles files,
      WorkerFactory workers,
      SwitchedChannel control,
      SecureRandom random,
      Runnable die) {
    this.options = options;
    this.files = files;
    this.workers = workers;
    this.control = control;
    this.random = random;
    this.die = die;
  }

  /// Comes back as what this node was.
  ///
  /// @throws IOException if what is on disk cannot be used
  void resume() throws IOException {
    var record = files.readRecord();
    if (record.isEmpty()) {
      files.forget();
      return;
    }
    var identity =
        new IdentityStore(files.identity())
            .load()
            .orElseThrow(
                () ->
                    new IOException(
                        files.identity() + " is missing; " + files.record() + " is not"));
    var restored = newMember(record.get(), identity);
    // Also where it was about to become a manager: the others may count on it already.
    if (!record.get().getRaftId().isEmpty()) {
      restored.startManager(List.of());
    }
    activate(restored);
    follow();
  }

  @Override
  public LocalNodeInfo info() {
    var info = LocalNodeInfo.newBuilder().setLocalNodeState(state).setError(error);
    var present = member;
    if (present != null) {
      var record = present.record();
      info.setNodeId(record.getNodeId())
          .setNodeAddr(record.getAdvertiseHost())
          .setClusterId(record.getClusterId())
          .setControlAvailable(present.manager() != null);
      present
          .managers()
          .forEach(
              (id, addr) ->
                  info.addRemoteManagers(RemoteManager.newBuilder().setNodeId(id).setAddr(addr)));
    }
    return info.build();
  }

  @Override
  public NodeDescription description() {
    return workers.description();
  }

  @Override
  public @Nullable ClusterState replica() {
    var present = member;
    var manager = present == null ? null : present.manager();
    return manager == null ? null : manager.store().state();
  }

  // ---- init

  @Override
  public String init(InitRequest request) throws InterruptedException {
    return onThread(
        () -> {
          var founder = new SwarmFounder(files, workers, this::newMember, random);
          Member founded;
          if (request.getForceNewCluster()) {
            founded = founder.foundAgain(request, this::deactivate);
          } else {
            requireInactive();
            founded = founder.found(request);
          }
          activate(founded);
          return founded.record().getNodeId();
        });
  }

  // ---- join

  @Override
  public void join(JoinRequest request) throws InterruptedException {
    onThread(
        () -> {
          requireInactive();
          var joined = new SwarmJoiner(files, options.hostname(), this::newMember).join(request);
          activate(joined.member());
          if (!joined.late().isEmpty()) {
            error = joined.late();
            retryFollow();
            throw new ApiException(503, LATE + error);
          }
          return "";
        });
  }

  // ---- leave

  @Override
  public void leave(boolean force) throws InterruptedException {
    onThread(
        () -> {
          leaveSwarm(force);
          return "";
        });
  }

  private void leaveSwarm(boolean force) throws Exception {
    var leaving = member;
    if (leaving == null) {
      throw new ApiException(503, "This node is not part of a swarm");
    }
    if (leaving.manager() != null) {
      if (!force) {
        throw new ApiException(503, leaving.whyNotLeave());
      }
      leaving.tryLeaveManagers();
    }
    leaving.stopTasks();
    deactivate();
    try {
      // Nobody would find them again under the id that this node gives up.
      TaskLeftovers.remove(files.root());
    } catch (IOException e) {
      LOG.warn("something is left of this node's tasks", e);
    }
    files.forget();
  }

  // ---- roles

  private void follow() {
    var present = member;
    if (present == null) {
      return;
    }
    try {
      present.follow();
      error = "";
    } catch (IOException | StatusRuntimeException | IllegalStateException e) {
      error = String.valueOf(e.getMessage());
      LOG.warn("{}; trying again", e.getMessage());
      retryFollow();
    }
  }

  private void retryFollow() {
    if (retrying) {
      return;
    }
    retrying = true;
    Thread.startVirtualThread(
        () -> {
          try {
            if (!thread.awaitTermination(RETRY_MS, TimeUnit.MILLISECONDS)) {
              thread.execute(
                  () -> {
                    retrying = false;
                    follow();
                  });
            }
          } catch (InterruptedException | RejectedExecutionException e) {
            LOG.debug("closing", e);
          }
        });
  }

  private final class Events implements Member.Owner {

    @Override
    public void roleMayHaveChanged() {
      thread.execute(NodeLifecycle.this::follow);
    }

    @Override
    public void refused(String reason) {
      error = reason;
      LOG.warn("a manager refuses this node: {}", reason);
    }

    @Override
    public void failed(Throwable cause) {
      LOG.error("this daemon ends, as its manager cannot go on", cause);
      die.run();
    }
  }

  // ----

  private Member newMember(NodeRecord record, Identity identity) {
    return new Member(files, record, identity, new Events(), control, workers, random);
  }

  private void activate(Member started) throws IOException {
    started.start();
    member = started;
    state = LocalNodeState.LOCAL_NODE_STATE_ACTIVE;
    error = "";
  }

  private void deactivate() {
    var present = member;
    member = null;
    state = LocalNodeState.LOCAL_NODE_STATE_INACTIVE;
    error = "";
    if (present != null) {
      present.close();
    }
  }

  private void requireInactive() {
    if (member != null) {
      throw new ApiException(503, ALREADY);
    }
  }

  private String onThread(Callable<String> step) throws InterruptedException {
    try {
      return thread.submit(step).get();
    } catch (ExecutionException e) {
      throw switch (e.getCause()) {
        case ApiException known -> known;
        case ExecutionException inner when inner.getCause() != null ->
            new ApiException(500, String.valueOf(inner.getCause().getMessage()));
        case TimeoutException late ->
            new ApiException(500, "the first manager did not become the leader in time");
        case IOException known -> new ApiException(500, String.valueOf(known.getMessage()));
        case StatusRuntimeException known ->
            new ApiException(500, String.valueOf(known.getStatus().getDescription()));
        case null, default -> new IllegalStateException(e.getCause());
      };
    }
  }

  /// Stops what runs here; tasks go on, and a daemon started again takes them over.
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    deactivate();
  }
}
