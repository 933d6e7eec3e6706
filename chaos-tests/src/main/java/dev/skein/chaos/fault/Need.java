package dev.skein.chaos.fault;

import dev.skein.chaos.lab.Clocks;
import dev.skein.chaos.lab.DelayLine;
import dev.skein.chaos.lab.Lab;
import dev.skein.chaos.lab.LabNode;
import dev.skein.chaos.lab.Tracer;
import dev.skein.cli.dev.SystemCommand;
import java.nio.file.Files;
import java.util.Optional;

/// What a fault needs of the machine or of the lab.
public enum Need {
  /// A network of the node's own, and the kernel's packet filter.
  FILTER {
    @Override
    Optional<String> missing(Lab lab) {
      return isolated(lab).or(() -> tool("nft", "--version", "nftables"));
    }
  },
  /// A network of the node's own, and traffic control.
  SHAPER {
    @Override
    Optional<String> missing(Lab lab) {
      return isolated(lab).or(() -> tool("tc", "-V", "iproute2"));
    }
  },
  /// A network of the node's own, and links that a program is the other end of.
  DELAY {
    @Override
    Optional<String> missing(Lab lab) {
      return isolated(lab).or(DelayLine::missing);
    }
  },
  /// A disk of the node's own.
  DISK {
    @Override
    Optional<String> missing(Lab lab) {
      return isolated(lab);
    }
  },
  /// Something that can step into a daemon's system calls.
  TRACER {
    @Override
    Optional<String> missing(Lab lab) {
      return tool("strace", "-V", "strace").or(Tracer::missing);
    }
  },
  /// Daemons whose clock can be moved.
  CLOCK {
    @Override
    Optional<String> missing(Lab lab) {
      return lab.nodes().stream().allMatch(node -> Files.exists(node.beside(Clocks.FILE)))
          ? Optional.empty()
          : Optional.of(
              "its daemons run on the machine's clock; start the lab with clocks, which needs"
                  + " libfaketime: apt-get install libfaketime");
    }
  };

  /// What is missing, and what to do about it; empty when nothing is.
  abstract Optional<String> missing(Lab lab);

  private static Optional<String> isolated(Lab lab) {
    return lab.nodes().stream().allMatch(LabNode::isIsolated)
        ? Optional.empty()
        : Optional.of(
            "its nodes share this machine's network and disk; start it as root with: skein dev up"
                + " --isolated");
  }

  private static Optional<String> tool(String name, String probe, String pack) {
    return SystemCommand.succeeds(name, probe)
        ? Optional.empty()
        : Optional.of("%s is missing: apt-get install %s".formatted(name, pack));
  }
}
