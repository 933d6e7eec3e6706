package dev.skein.worker.agent;

import dev.skein.mesh.EndpointTable;
import dev.skein.mesh.MeshStatus;
import dev.skein.proto.v1.MeshService;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the routing mesh at the latest table. Binding ports may block, so tables are applied on
/// another thread, one after the other; one that has been overtaken is left out. Thread-safe.
public final class MeshDriver implements Consumer<List<MeshService>> {

  private static final Logger LOG = LoggerFactory.getLogger(MeshDriver.class);

  private final Function<EndpointTable, MeshStatus> apply;
  private final Executor blocking;
  private final Consumer<String> letGo;
  private final AtomicReference<@Nullable List<MeshService>> latest = new AtomicReference<>();
  private final AtomicBoolean applying = new AtomicBoolean();
  private volatile Set<Integer> published = Set.of();
  private Map<?, String> failed = Map.of();

  /// @param apply makes a table the mesh's
  /// @param letGo told the draining endpoints that this mesh can't have a connection to
  public MeshDriver(
      Function<EndpointTable, MeshStatus> apply, Executor blocking, Consumer<String> letGo) {
    this.apply = apply;
    this.blocking = blocking;
    this.letGo = letGo;
  }

  /// Whether the mesh listens on this port, or is about to: tasks must not get it.
  public boolean isPublished(int port) {
    return published.contains(port);
  }

  @Override
  public void accept(List<MeshService> services) {
    published =
        services.stream()
            .flatMap(service -> service.getPortsList().stream())
            .map(port -> port.getPublishedPort())
            .collect(Collectors.toUnmodifiableSet());
    latest.set(services);
    schedule();
  }

  private void schedule() {
    if (applying.compareAndSet(false, true)) {
      blocking.execute(this::applyAll);
    }
  }

  private void applyAll() {
    for (var next = latest.getAndSet(null); next != null; next = latest.getAndSet(null)) {
      var tables = EndpointTables.of(next);
      warn(apply.apply(tables.table()));
      tables.unreachable().forEach(letGo);
    }
    applying.set(false);
    if (latest.get() != null) {
      // It came between the last look and the note that nobody looks any more.
      schedule();
    }
  }

  private void warn(MeshStatus status) {
    if (!status.failed().equals(failed)) {
      failed = status.failed();
      status
          .failed()
          .forEach(
              (port, reason) -> LOG.warn("published port {} is not served here: {}", port, reason));
    }
  }
}
