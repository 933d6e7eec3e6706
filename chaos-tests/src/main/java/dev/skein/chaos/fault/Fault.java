package dev.skein.chaos.fault;

import dev.skein.chaos.lab.Lab;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A kind of fault.
///
/// @param name as in experiments: `partition.in`
/// @param summary one line for a list
/// @param explanation what happens, what a cluster should do, and what to look at
/// @param needs what must be there for it
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

  /// Injects it at a site.
  public Injection inject(Site site) throws IOException {
    site.lab().note("inject %s at %s %s".formatted(name, site.node().name(), site.options()));
    var injection = action.inject(site.named(name));
    return () -> {
      site.lab().note("end %s at %s".formatted(name, site.node().name()));
      injection.end();
    };
  }

  /// Why it can't be injected in a lab on this machine, if it can't.
  public Optional<String> unsupported(Lab lab) {
    return needs.stream().flatMap(need -> need.missing(lab).stream()).findFirst();
  }
}
