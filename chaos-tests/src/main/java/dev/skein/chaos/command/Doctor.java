package dev.skein.chaos.command;

import dev.skein.chaos.fault.Catalogue;
import dev.skein.chaos.fault.Fault;
import dev.skein.chaos.lab.Clocks;
import dev.skein.chaos.lab.DelayLine;
import dev.skein.chaos.lab.Tracer;
import dev.skein.cli.ExitCode;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.CommandContext;
import dev.skein.cli.dev.Isolation;
import dev.skein.cli.dev.SystemCommand;
import dev.skein.cli.format.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// `skein chaos doctor`
final class Doctor {

  private Doctor() {}

  static Leaf leaf() {
    return Leaf.of(
            "",
            "Show what this machine and the local cluster allow, and what to install for the rest.")
        .examples("skein chaos doctor")
        .does(
            (context, arguments) -> {
              machine(context);
              var lab = Labs.find(context);
              context.out().println();
              if (lab.isEmpty()) {
                context
                    .out()
                    .println("There is no local cluster; start one to see which faults it allows:");
                context.out().println("    skein dev up" + (context.root() ? " --isolated" : ""));
                return ExitCode.SUCCESS;
              }
              var names = lab.get().nodes().stream().map(node -> node.name()).toList();
              context.out().println("The local cluster: " + String.join(", ", names));
              var supported = new ArrayList<String>();
              var missing = new TreeMap<String, List<String>>();
              for (var fault : Catalogue.all()) {
                fault
                    .unsupported(lab.get())
                    .ifPresentOrElse(
                        why ->
                            missing.computeIfAbsent(why, key -> new ArrayList<>()).add(name(fault)),
                        () -> supported.add(name(fault)));
              }
              context.out().println("  possible: " + String.join(", ", supported));
              missing.forEach(
                  (why, faults) ->
                      context
                          .out()
                          .println(
                              "  not: %s\n       %s".formatted(String.join(", ", faults), why)));
              return ExitCode.SUCCESS;
            });
  }

  private static String name(Fault fault) {
    return fault.name();
  }

  private static void machine(CommandContext context) throws IOException {
    var lines = new ArrayList<String>();
    lines.add(line("isolated nodes (a network and a disk for each)", Isolation.missing()));
    lines.add(line("network cuts, loss, resets", tool("nft", "--version", "nftables")));
    lines.add(line("slow networks", tool("tc", "-V", "iproute2")));
    lines.add(line("delayed packets", DelayLine.missing()));
    lines.add(line("failing fsync", tool("strace", "-V", "strace").or(Tracer::missing)));
    lines.add(
        line(
            "wrong clocks",
            Clocks.available()
                ? Optional.empty()
                : Optional.of("libfaketime is missing: apt-get install libfaketime")));
    context.out().println("This machine:");
    context.out().print(Table.align(lines));
  }

  private static String line(String what, Optional<String> missing) {
    return "  %s\t%s".formatted(what, missing.orElse("yes"));
  }

  private static Optional<String> tool(String name, String probe, String pack) {
    return SystemCommand.succeeds(name, probe)
        ? Optional.empty()
        : Optional.of("%s is missing: apt-get install %s".formatted(name, pack));
  }
}
