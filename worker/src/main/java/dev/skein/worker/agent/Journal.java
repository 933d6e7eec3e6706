package dev.skein.worker.agent;

import dev.skein.proto.v1.ManagerList;
import dev.skein.proto.v1.MeshService;
import java.util.List;

/// What an agent writes down for the next one on its node: so that a restarted daemon goes on with
/// what it last knew, also while no manager can be reached.
///
/// Nothing depends on the last writes: what runs is known by the runtime, and what is wanted by
/// the managers. Methods return at once and are called by one thread.
public interface Journal extends AutoCloseable {

  /// What an earlier agent wrote down; empty lists for nothing.
  record Memory(List<WorkerTask> tasks, List<MeshService> mesh, ManagerList managers) {

    /// Nothing is remembered.
    public static final Memory EMPTY =
        new Memory(List.of(), List.of(), ManagerList.getDefaultInstance());

    public Memory {
      tasks = List.copyOf(tasks);
      mesh = List.copyOf(mesh);
    }
  }

  /// Reads what was written down; once, before anything is written.
  Memory read();

  void saveTask(WorkerTask task);

  void forgetTask(String taskId);

  void saveMesh(List<MeshService> services);

  void saveManagers(ManagerList managers);

  /// Writes what is still to be written.
  @Override
  void close();

  /// Writes nothing down: for simulated workers.
  static Journal none() {
    return new Journal() {
      @Override
      public Memory read() {
        return Memory.EMPTY;
      }

      @Override
      public void saveTask(WorkerTask task) {}

      @Override
      public void forgetTask(String taskId) {}

      @Override
      public void saveMesh(List<MeshService> services) {}

      @Override
      public void saveManagers(ManagerList managers) {}

      @Override
      public void close() {}
    };
  }
}
