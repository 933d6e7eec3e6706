package dev.skein.chaos.fault;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// All kinds of faults.
public final class Catalogue {

  private static final List<Fault> FAULTS =
      Stream.of(
              ProcessFaults.all(),
              NetworkFaults.all(),
              DiskFaults.all(),
              LogFaults.all(),
              ClockFaults.all(),
              MemberFaults.all(),
              List.of(UpgradeFault.fault()))
          .flatMap(List::stream)
          .toList();

  private Catalogue() {}

  /// Each of them, by subject.
  public static List<Fault> all() {
    return FAULTS;
  }

  /// The one of this name.
  public static Optional<Fault> find(String name) {
    return FAULTS.stream().filter(fault -> fault.name().equals(name)).findFirst();
  }

  /// The given options of a fault with the defaults of the others.
  ///
  /// @throws IllegalArgumentException naming what is unknown or malformed
  public static Map<String, String> options(Fault fault, Map<String, String> given) {
    var known = fault.options().stream().map(Fault.Option::name).toList();
    for (var name : given.keySet()) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "%s has no option \"%s\"; it has %s".formatted(fault.name(), name, known));
      }
    }
    var options = new LinkedHashMap<String, String>();
    for (var option : fault.options()) {
      var value = given.getOrDefault(option.name(), option.byDefault());
      if (!value.matches(option.pattern())) {
        throw new IllegalArgumentException(
            "%s: %s: \"%s\" is not %s"
                .formatted(fault.name(), option.name(), value, option.says()));
      }
      options.put(option.name(), value);
    }
    return options;
  }
}
