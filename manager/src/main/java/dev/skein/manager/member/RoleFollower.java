package dev.skein.manager.member;

import dev.skein.manager.LeaderDuty;
import dev.skein.state.ClusterStore;
import dev.skein.state.Commit;
import dev.skein.state.Resync;
import dev.skein.state.Watch;
import dev.skein.state.WatchEvent;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes demotions happen, on the leader: looks at the nodes when one of them changed, and again
/// after a while when something stood in the way (no quorum without that manager, for one).
public final class RoleFollower implements LeaderDuty {

  private static final Logger LOG = LoggerFactory.getLogger(RoleFollower.class);
  private static final long AGAIN_MS = 1_000;

  private final ClusterStore store;
  private final ManagerRoster roster;
  private @Nullable Work work;

  public RoleFollower(ClusterStore store, ManagerRoster roster) {
    this.store = store;
    this.roster = roster;
  }

  @Override
  public void begin() {
    work = new Work();
    work.thread.start();
  }

  @Override
  public void end() {
    if (work != null) {
      work.stop.countDown();
      work.thread.interrupt();
      work = null;
    }
  }

  private final class Work implements Runnable {

    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread = Thread.ofVirtual().name("role-follower").unstarted(this);

    @Override
    public void run() {
      try (var watch = store.watch()) {
        while (!stop.await(0, TimeUnit.MILLISECONDS)) {
          if (settle()) {
            awaitNodes(watch);
          } else {
            stop.await(AGAIN_MS, TimeUnit.MILLISECONDS);
          }
        }
      } catch (IllegalStateException watchClosed) {
        LOG.debug("the roles are no longer followed: {}", watchClosed.getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    /// @return whether nothing is left to do
    private boolean settle() {
      try {
        while (!roster.follow()) {
          if (stop.getCount() == 0) {
            return true;
          }
        }
        return true;
      } catch (RuntimeException e) {
        LOG.warn("a manager's role cannot be changed yet: {}", rootMessage(e));
        return false;
      }
    }

    private static String rootMessage(Throwable failure) {
      var cause = failure;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      return String.valueOf(cause.getMessage());
    }

    private void awaitNodes(Watch watch) throws InterruptedException {
      while (!concernsNodes(watch.take())) {
        // Another kind of object changed.
      }
    }

    private boolean concernsNodes(WatchEvent event) {
      return switch (event) {
        case Resync ignored -> true;
        case Commit commit -> commit.before().nodes() != commit.after().nodes();
      };
    }
  }
}
