package dev.skein.state;

import com.google.protobuf.Timestamp;
import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ChangeSet;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeDescription;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskState;
import dev.skein.proto.v1.TaskStatus;
import java.util.List;

/// Small objects and change sets for tests of the state.
final class Fixtures {
  private Fixtures() {}

  static Cluster cluster(String id) {
    return Cluster.newBuilder().setId(id).build();
  }

  static Node node(String id) {
    return Node.newBuilder()
        .setId(id)
        .setDescription(NodeDescription.newBuilder().setHostname("host-" + id))
        .build();
  }

  static Service service(String id, String name) {
    return Service.newBuilder()
        .setId(id)
        .setSpec(ServiceSpec.newBuilder().setName(name).putLabels("a", "1").putLabels("b", "2"))
        .setSpecVersion(1)
        .build();
  }

  static Task task(String id, String serviceId, int slot) {
    return Task.newBuilder()
        .setId(id)
        .setServiceId(serviceId)
        .setSlot(slot)
        .setDesiredState(TaskState.TASK_STATE_RUNNING)
        .build();
  }

  static TaskStatus status(TaskState state) {
    return TaskStatus.newBuilder().setState(state).setMessage(state.name()).build();
  }

  static ChangeSet set(Change... changes) {
    return set(0, changes);
  }

  static ChangeSet set(long seconds, Change... changes) {
    return ChangeSet.newBuilder()
        .addAllChanges(List.of(changes))
        .setProposedAt(Timestamp.newBuilder().setSeconds(seconds))
        .build();
  }

  static ClusterState applied(ClusterState state, Change... changes) {
    var applied = state.apply(state.index() + 1, List.of(set(changes)));
    if (applied.outcomes().getFirst() instanceof Outcome.Conflict(var message)) {
      throw new AssertionError(message);
    }
    return applied.state();
  }
}
