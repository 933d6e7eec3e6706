package dev.skein.chaos.lab;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.chaos.RealTime;
import dev.skein.chaos.workload.Manager;
import dev.skein.cli.client.EngineClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A cluster that experiments are about: a lab, or one that is known by its API alone. Any thread
/// may use it.
@RealTime
public interface Cluster {

  /// The label of all services that experiments make.
  String LABEL = "dev.skein.chaos";

  /// How long an answer to [#ask] may take.
  int ANSWER_SECONDS = 10;

  /// All nodes, managers first.
  List<? extends Member> nodes();

  /// The nodes that began as managers.
  default List<? extends Member> managers() {
    return nodes().stream().filter(Member::isManager).toList();
  }

  /// The nodes that are no managers.
  default List<? extends Member> workers() {
    return nodes().stream().filter(node -> !node.isManager()).toList();
  }

  /// The node of a name.
  ///
  /// @throws IllegalArgumentException if there is none
  default Member node(String name) {
    return nodes().stream()
        .filter(node -> node.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no node " + name + " in " + nodes()));
  }

  /// The managers whose API can be asked.
  List<Manager> entries();

  /// The manager that leads now, if one can be found in a few seconds.
  Optional<? extends Member> findLeader();

  /// The beginning of the names of all that experiments make there, which belong to them alone.
  String prefix();

  /// Where on this machine is kept what is about experiments.
  Path directory();

  /// The file of the network namespace that reaches all nodes, if this process's does not.
  default Optional<Path> network() {
    return Optional.empty();
  }

  /// The words of a command that asks the cluster for something through another node.
  ///
  /// @param except the node that is not asked
  List<String> command(Member except, String... words);

  /// Puts a line into the record of what was done.
  void note(String what);

  /// A question to a daemon.
  @FunctionalInterface
  interface Question<T> {
    /// Asks it.
    T ask(EngineClient client) throws IOException;
  }

  /// Asks the managers in turn until one answers.
  ///
  /// @throws IOException what the last one said, if none does
  default <T> T ask(Question<T> question) throws IOException {
    IOException last = new IOException("no manager runs");
    for (var entry : entries()) {
      try (var client = entry.client(ANSWER_SECONDS)) {
        return question.ask(client);
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }

  /// A list of the API, from any manager that answers.
  default JsonArray list(String target) throws IOException {
    return ask(client -> client.list(target));
  }

  /// An object of the API, from any manager that answers.
  default JsonObject object(String target) throws IOException {
    return ask(client -> client.object(target));
  }

  /// The manager that leads now; waits until there is one.
  default Member leader(Duration within) throws IOException {
    var found = new AtomicReference<@Nullable Member>();
    await(
        new Condition(
            "a leader answers",
            cluster -> {
              cluster.findLeader().ifPresent(found::set);
              return found.get() == null ? Optional.of("no manager leads") : Optional.empty();
            }),
        within);
    return Objects.requireNonNull(found.get());
  }

  /// The managers that do not lead.
  default List<? extends Member> followers(Duration within) throws IOException {
    var leader = leader(within);
    return managers().stream().filter(manager -> !manager.equals(leader)).toList();
  }

  /// Waits until a condition holds.
  ///
  /// @return how long that took
  /// @throws IOException with what is missing, if it does not hold in time
  default Duration await(Condition condition, Duration within) throws IOException {
    var begin = System.nanoTime();
    while (true) {
      Optional<String> missing;
      try {
        missing = condition.check().missing(this);
      } catch (IOException e) {
        missing = Optional.of(String.valueOf(e.getMessage()));
      }
      var taken = Duration.ofNanos(System.nanoTime() - begin);
      if (missing.isEmpty()) {
        return taken;
      }
      if (taken.compareTo(within) > 0) {
        throw new IOException(
            "not within %d s: %s: %s"
                .formatted(within.toSeconds(), condition.name(), missing.get()));
      }
      LockSupport.parkNanos(Condition.LOOK_AGAIN_NANOS);
    }
  }
}
