package dev.skein.worker.agent;

import com.google.protobuf.ByteString;
import dev.skein.proto.v1.AssignedTask;
import dev.skein.proto.v1.ManagerList;
import dev.skein.proto.v1.MeshService;
import dev.skein.proto.v1.MeshUpdate;
import dev.skein.proto.v1.TaskState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The journal in a directory: one small file per task, one for the mesh's table, one for the
/// managers.
///
/// One virtual thread writes; of what is saved twice before it was written only the latest is, so
/// memory is bounded by the number of tasks. The managers' addresses survive a power failure,
/// because without them the node would not find its cluster; the rest only has to survive the
/// daemon, since after a power failure no task runs any more. A damaged file is set aside with a
/// warning.
public final class FileJournal implements Journal {

  private static final Logger LOG = LoggerFactory.getLogger(FileJournal.class);
  private static final String TASK_SUFFIX = ".task";
  private static final String MESH = "mesh";
  private static final String MANAGERS = "managers";
  private static final Set<String> DURABLE = Set.of(MANAGERS);

  private final Path directory;
  private final Thread writer;
  // Guarded by this. A null content deletes.
  private final LinkedHashMap<String, Content> pending = new LinkedHashMap<>();
  private boolean closing;

  private record Content(@Nullable ByteString bytes) {}

  private FileJournal(Path directory) {
    this.directory = directory;
    writer = Thread.ofVirtual().name("journal").unstarted(this::writeAll);
  }

  /// Opens or makes the journal.
  public static FileJournal open(Path directory) throws IOException {
    Files.createDirectories(directory);
    var journal = new FileJournal(directory);
    journal.writer.start();
    return journal;
  }

  @Override
  public Memory read() {
    var tasks = new ArrayList<WorkerTask>();
    var mesh = new ArrayList<MeshService>();
    var managers = ManagerList.newBuilder();
    try (var files = Files.newDirectoryStream(directory)) {
      for (var file : files) {
        var name = file.getFileName().toString();
        try {
          if (name.endsWith(TASK_SUFFIX)) {
            tasks.add(task(AssignedTask.parseFrom(JournalFile.read(file))));
          } else if (name.equals(MESH)) {
            mesh.addAll(MeshUpdate.parseFrom(JournalFile.read(file)).getServicesList());
          } else if (name.equals(MANAGERS)) {
            managers.mergeFrom(JournalFile.read(file));
          }
        } catch (IOException e) {
          setAside(file, e);
        }
      }
    } catch (IOException e) {
      LOG.warn("the journal {} can't be read: {}; going on without it", directory, e.getMessage());
    }
    return new Memory(tasks, mesh, managers.build());
  }

  private static void setAside(Path file, IOException damage) {
    var aside = file.resolveSibling(file.getFileName() + ".corrupt");
    LOG.warn(
        "the journal's file is damaged: {}. It is kept as {}; tasks go on as the runtime and the"
            + " managers know them",
        damage.getMessage(),
        aside);
    try {
      Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.warn("{} can't be set aside: {}", file, e.getMessage());
    }
  }

  /// A task is kept as its assignment, with the observed status and the desired state in place of
  /// the managers' own. That the managers no longer have it is kept as REMOVE.
  private static AssignedTask content(WorkerTask task) {
    var noted =
        task.assignment().getTask().toBuilder()
            .setStatus(task.status())
            .setDesiredState(task.gone() ? TaskState.TASK_STATE_REMOVE : task.desired());
    return task.assignment().toBuilder().setTask(noted).build();
  }

  private static WorkerTask task(AssignedTask noted) throws IOException {
    if (noted.getTask().getId().isEmpty()) {
      throw new IOException("it holds a task without an id");
    }
    return WorkerTask.idle(noted, noted.getTask().getStatus(), noted.getTask().getDesiredState());
  }

  @Override
  public void saveTask(WorkerTask task) {
    put(task.id() + TASK_SUFFIX, new Content(content(task).toByteString()));
  }

  @Override
  public void forgetTask(String taskId) {
    put(taskId + TASK_SUFFIX, new Content(null));
  }

  @Override
  public void saveMesh(List<MeshService> services) {
    put(
        MESH,
        new Content(
            MeshUpdate.newBuilder()
                .setComplete(true)
                .addAllServices(services)
                .build()
                .toByteString()));
  }

  @Override
  public void saveManagers(ManagerList managers) {
    put(MANAGERS, new Content(managers.toByteString()));
  }

  private synchronized void put(String name, Content content) {
    pending.put(name, content);
    notifyAll();
  }

  private void writeAll() {
    while (true) {
      Map<String, Content> batch;
      synchronized (this) {
        while (pending.isEmpty() && !closing) {
          try {
            wait();
          } catch (InterruptedException e) {
            closing = true;
          }
        }
        if (pending.isEmpty()) {
          return;
        }
        batch = new LinkedHashMap<>(pending);
        pending.clear();
      }
      batch.forEach(this::write);
    }
  }

  private void write(String name, Content content) {
    var file = directory.resolve(name);
    try {
      var bytes = content.bytes;
      if (bytes == null) {
        Files.deleteIfExists(file);
      } else {
        JournalFile.write(file, bytes.toByteArray(), DURABLE.contains(name));
      }
    } catch (IOException e) {
      // Tasks go on without it; a full disk must not stop them.
      LOG.warn("{} can't be written: {}", file, e.getMessage());
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closing = true;
      notifyAll();
    }
    try {
      writer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
