package dev.skein.chaos.fault;

import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.lab.Machine;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A kind of fault.
///
/// @param name as in experiments: `partition.in`
/// @param summary one line for a list
/// @param explanation what happens, what a cluster should do, and what to look at
/// @param needs what must be there for it; nothing when the API is enough
/// @param lasting whether it lasts until it is ended; otherwise it is over once injected, and its
///     end only repairs
/// @param options its own options
public record Fault(
    String name,
    String summary,
    String explanation,
    List<Need> needs,
    boolean lasting,
    List<Option> options,
    Action action) {

  /// An option of a fault.
  ///
  /// @param name as in experiments
  /// @param byDefault its value when none is given
  /// @param pattern a regular expression of all good values
  /// @param says what it is, with its unit
  public record Option(String name, String byDefault, String pattern, String says) {}

  /// How it is injected.
  @FunctionalInterface
  public interface Action {
    /// Injects it.
    Injection inject(Site site) throws IOException;
  }

  /// Injects it at a site; by an errand to the node where this process can't touch it. What fails
  /// is undone at once.
  public Injection inject(Site site) throws IOException {
    var here = site.named(name);
    var cluster = site.cluster();
    cluster.note("inject %s at %s %s".formatted(name, site.member().name(), site.options()));
    var injection = injectOrUndo(here);
    return () -> {
      cluster.note("end %s at %s".formatted(name, site.member().name()));
      injection.end();
    };
  }

  private Injection injectOrUndo(Site site) throws IOException {
    try {
      return needs.isEmpty() || site.member() instanceof Machine
          ? action.inject(site)
          : Errand.send(this, site);
    } catch (IOException | RuntimeException | Error e) {
      try {
        site.undo();
      } catch (IOException left) {
        e.addSuppressed(left);
      }
      throw e;
    }
  }

  /// Why it can't be injected in a cluster, as far as can be told from here.
  public Optional<String> unsupported(Cluster cluster) {
    return needs.stream().flatMap(need -> need.missing(cluster).stream()).findFirst();
  }
}
