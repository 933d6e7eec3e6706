package dev.skein.state;

import static dev.skein.state.Fixtures.applied;
import static dev.skein.state.Fixtures.service;
import static dev.skein.state.Fixtures.set;
import static dev.skein.state.Fixtures.status;
import static dev.skein.state.Fixtures.task;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TaskStatesTest {
  /// The observed states in their order, written out: the rule is tested against this list.
  private static final List<TaskState> OBSERVED =
      List.of(
          TaskState.TASK_STATE_NEW,
          TaskState.TASK_STATE_PENDING,
          TaskState.TASK_STATE_ASSIGNED,
          TaskState.TASK_STATE_ACCEPTED,
          TaskState.TASK_STATE_PREPARING,
          TaskState.TASK_STATE_READY,
          TaskState.TASK_STATE_STARTING,
          TaskState.TASK_STATE_RUNNING,
          TaskState.TASK_STATE_COMPLETE,
          TaskState.TASK_STATE_SHUTDOWN,
          TaskState.TASK_STATE_FAILED,
          TaskState.TASK_STATE_REJECTED,
          TaskState.TASK_STATE_ORPHANED);

  private static final List<TaskState> TERMINAL = OBSERVED.subList(8, 13);

  private static final List<TaskState> DESIRED =
      List.of(
          TaskState.TASK_STATE_READY,
          TaskState.TASK_STATE_RUNNING,
          TaskState.TASK_STATE_SHUTDOWN,
          TaskState.TASK_STATE_REMOVE);

  static Stream<Arguments> everyPair() {
    var all =
        Stream.of(TaskState.values()).filter(state -> state != TaskState.UNRECOGNIZED).toList();
    return all.stream().flatMap(from -> all.stream().map(to -> Arguments.of(from, to)));
  }

  @ParameterizedTest
  @MethodSource("everyPair")
  void aReportedStatusOnlyMovesForward(TaskState from, TaskState to) {
    if (!OBSERVED.contains(from)) {
      return;
    }
    var state = withTask(from, TaskState.TASK_STATE_RUNNING);
    var moves = OBSERVED.indexOf(to) > OBSERVED.indexOf(from);
    var after = applied(state, ChangeSets.status("t", "", status(to))).task("t");
    assertThat(Objects.requireNonNull(after).getStatus().getState()).isEqualTo(moves ? to : from);
    assertThat(after.getVersion().getIndex() > state.index()).isEqualTo(moves);
  }

  @ParameterizedTest
  @MethodSource("everyPair")
  void aReportMayRefreshOnlyATaskThatIsNotTerminal(TaskState from, TaskState to) {
    if (!OBSERVED.contains(from) || from != to) {
      return;
    }
    var state = withTask(from, TaskState.TASK_STATE_RUNNING);
    var refreshed = status(from).toBuilder().setMessage("again").build();
    var after = applied(state, ChangeSets.status("t", "", refreshed)).task("t");
    assertThat(Objects.requireNonNull(after).getStatus().getMessage().equals("again"))
        .isEqualTo(!TERMINAL.contains(from));
  }

  @ParameterizedTest
  @MethodSource("everyPair")
  void anUpdateThatMovesAStatusBackwardIsAConflict(TaskState from, TaskState to) {
    if (!OBSERVED.contains(from)) {
      return;
    }
    var state = withTask(from, TaskState.TASK_STATE_RUNNING);
    var update = stored(state).toBuilder().setStatus(status(to)).build();
    var fits =
        OBSERVED.contains(to) && (from == to || OBSERVED.indexOf(to) > OBSERVED.indexOf(from));
    assertThat(accepts(state, ChangeSets.update(update))).isEqualTo(fits);
  }

  @ParameterizedTest
  @MethodSource("everyPair")
  void aDesiredStateOnlyMovesForward(TaskState from, TaskState to) {
    if (!DESIRED.contains(from)) {
      return;
    }
    var state = withTask(TaskState.TASK_STATE_NEW, from);
    var moves = DESIRED.indexOf(to) > DESIRED.indexOf(from);
    var after = applied(state, ChangeSets.desire("t", to)).task("t");
    assertThat(Objects.requireNonNull(after).getDesiredState()).isEqualTo(moves ? to : from);
    var update = stored(state).toBuilder().setDesiredState(to).build();
    assertThat(accepts(state, ChangeSets.update(update))).isEqualTo(moves || from == to);
  }

  @ParameterizedTest
  @MethodSource("everyPair")
  void aTaskLivesUntilItEndsOrIsAskedTo(TaskState observed, TaskState desired) {
    if (!OBSERVED.contains(observed) || !DESIRED.contains(desired)) {
      return;
    }
    var task = stored(withTask(observed, desired));
    assertThat(TaskStates.isLive(task))
        .isEqualTo(!TERMINAL.contains(observed) && DESIRED.indexOf(desired) <= 1);
  }

  private static ClusterState withTask(TaskState observed, TaskState desired) {
    return applied(
        ClusterState.empty(),
        ChangeSets.create(service("s", "web")),
        ChangeSets.create(
            task("t", "s", 1).toBuilder()
                .setStatus(status(observed))
                .setDesiredState(desired)
                .build()));
  }

  private static Task stored(ClusterState state) {
    return Objects.requireNonNull(state.task("t"));
  }

  private static boolean accepts(ClusterState state, Change change) {
    var applied = state.apply(state.index() + 1, List.of(set(change)));
    return applied.outcomes().getFirst() instanceof Outcome.Accepted;
  }
}
