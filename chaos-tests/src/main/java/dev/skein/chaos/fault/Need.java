package dev.skein.chaos.fault;

import dev.skein.chaos.lab.Clocks;
import dev.skein.chaos.lab.Cluster;
import dev.skein.chaos.lab.DelayLine;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.lab.LabNode;
import dev.skein.chaos.lab.Tracer;
import dev.skein.cli.dev.SystemCommand;
import java.nio.file.Files;
import java.util.Optional;
import java.util.function.Function;

/// What a fault needs of the machine or of the lab.
public enum Need {
  /// A process on the node that injects it.
  HAND {
    @Override
    Optional<String> missing(Cluster cluster) {
      return Optional.empty();
    }
  },
  /// The directories and the launcher of a local cluster.
  LAB {
    @Override
    Optional<String> missing(Cluster cluster) {
      return lab(cluster, lab -> Optional.empty());
    }
  },
  /// A network of the node's own, and the kernel's packet filter.
  FILTER {
    @Override
    Optional<String> missing(Cluster cluster) {
      // What another machine has is seen when the fault is to be injected there.
      return cluster instanceof Lab
          ? isolated(cluster).or(() -> tool("nft", "--version", "nftables"))
          : Optional.empty();
    }
  },
  /// A network of the node's own, and traffic control.
  SHAPER {
    @Override
    Optional<String> missing(Cluster cluster) {
      return isolated(cluster).or(() -> tool("tc", "-V", "iproute2"));
    }
  },
  /// A network of the node's own, and links that a program is the other end of.
  DELAY {
    @Override
    Optional<String> missing(Cluster cluster) {
      return isolated(cluster).or(DelayLine::missing);
    }
  },
  /// A disk of the node's own.
  DISK {
    @Override
    Optional<String> missing(Cluster cluster) {
      return isolated(cluster);
    }
  },
  /// Something that can step into a daemon's system calls.
  TRACER {
    @Override
    Optional<String> missing(Cluster cluster) {
      return lab(cluster, lab -> tool("strace", "-V", "strace").or(Tracer::missing));
    }
  },
  /// Daemons whose clock can be moved.
  CLOCK {
    @Override
    Optional<String> missing(Cluster cluster) {
      return lab(
          cluster,
          lab ->
              lab.nodes().stream().allMatch(node -> Files.exists(node.beside(Clocks.FILE)))
                  ? Optional.empty()
                  : Optional.of(
                      "its daemons run on the machine's clock; start the lab with clocks, which"
                          + " needs libfaketime: apt-get install libfaketime"));
    }
  };

  /// What is missing, and what to do about it; empty when nothing is.
  abstract Optional<String> missing(Cluster cluster);

  private static Optional<String> isolated(Cluster cluster) {
    return lab(
        cluster,
        lab ->
            lab.nodes().stream().allMatch(LabNode::isIsolated)
                ? Optional.empty()
                : Optional.of(
                    "its nodes share this machine's network and disk; start it as root with: skein"
                        + " dev up --isolated"));
  }

  private static Optional<String> lab(Cluster cluster, Function<Lab, Optional<String>> missing) {
    return cluster instanceof Lab lab
        ? missing.apply(lab)
        : Optional.of("only for the local cluster: skein dev up");
  }

  private static Optional<String> tool(String name, String probe, String pack) {
    return SystemCommand.succeeds(name, probe)
        ? Optional.empty()
        : Optional.of("%s is missing: apt-get install %s".formatted(name, pack));
  }
}
