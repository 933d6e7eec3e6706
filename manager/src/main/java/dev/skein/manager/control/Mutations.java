package dev.skein.manager.control;

import dev.skein.manager.control.Admission.Admitted;
import dev.skein.manager.rpc.Answer;
import dev.skein.state.ChangeSets;
import dev.skein.state.ClusterStore;
import dev.skein.state.StoreException;
import io.grpc.StatusException;
import java.time.InstantSource;

/// Carries mutations out on the leader: decides by [Admission] and proposes. Blocks the caller's
/// thread; any thread.
public final class Mutations {
  /// How often a mutation is decided anew because the state changed under it.
  private static final int ATTEMPTS_MAX = 10;

  private final ClusterStore store;
  private final Admission admission;
  private final InstantSource clock;

  /// @param clock dates what is changed
  public Mutations(ClusterStore store, Admission admission, InstantSource clock) {
    this.store = store;
    this.admission = admission;
    this.clock = clock;
  }

  /// What was done.
  ///
  /// @param index of the log entry
  public record Done(long index, Admitted admitted) {}

  /// Decides and proposes until it is committed or may not be done. The first decision is made on
  /// the state at hand, which on a leader is nearly always the latest; a refusal counts only when
  /// it is made on a state that is proven to be the latest. A conflict means that the state moved
  /// on: then whoever gave a version learns that it is out of sequence, and what others want is
  /// decided anew.
  ///
  /// @throws StatusException with the message for the user, when it may not or could not be done
  public Done commit(Mutation mutation) throws StatusException, InterruptedException {
    for (var attempt = 1; ; attempt++) {
      var proven = attempt > 1;
      var state = proven ? Answer.await(store.read()) : store.state();
      Admitted admitted;
      try {
        admitted = admission.admit(state, mutation);
      } catch (Rejection rejection) {
        if (proven) {
          throw rejection.asStatus();
        }
        continue;
      }
      try {
        var index = Answer.await(store.propose(ChangeSets.of(clock.instant(), admitted.changes())));
        return new Done(index, admitted);
      } catch (StatusException failure) {
        if (attempt == ATTEMPTS_MAX
            || !(failure.getStatus().getCause() instanceof StoreException.ConflictException)) {
          throw failure;
        }
      }
    }
  }
}
