package dev.skein.chaos.exercise;

import dev.skein.chaos.exercise.Exercise.Diagnosis;
import dev.skein.chaos.exercise.Exercise.Measured;
import dev.skein.chaos.exercise.Exercise.Plot;
import dev.skein.chaos.exercise.Exercise.Prediction;
import dev.skein.chaos.lab.LabNode;
import dev.skein.cli.daemon.DirectoryTree;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Exercises about managers: their quorum, their disks, their network.
final class ManagerExercises {

  private static final int REPLICAS = 3;
  private static final Duration LEADER_WITHIN = Duration.ofSeconds(20);

  private static final Prediction GAP =
      new Prediction(
          "For how many seconds at most will no write be acknowledged?",
          Measured.WRITE_GAP_SECONDS);

  private ManagerExercises() {}

  static List<Exercise> all() {
    return List.of(leaderDies(), lostQuorum(), oneWayPartition(), diskFull(), slowDisk());
  }

  /// A shop, and one of the nodes befallen by one fault until the exercise is over.
  private record OneFault(String fault, Map<String, String> options, Chosen chosen, Goal goal)
      implements Plot {

    @Override
    public String prepare(Scene scene) throws IOException {
      scene.openShop(REPLICAS);
      return chosen.of(scene).name();
    }

    @Override
    public void strike(Scene scene) throws IOException {
      // Who leads may have changed while the prediction was written.
      scene.befalls(chosen.of(scene));
      scene.inject(fault, scene.node(), options);
    }

    @Override
    public List<String> unmet(Scene scene) throws IOException {
      return goal.of(scene).missing();
    }
  }

  @FunctionalInterface
  private interface Chosen {
    LabNode of(Scene scene) throws IOException;
  }

  @FunctionalInterface
  private interface Goal {
    Goals of(Scene scene) throws IOException;
  }

  private static LabNode leader(Scene scene) throws IOException {
    return scene.lab().leader(LEADER_WITHIN);
  }

  private static LabNode follower(Scene scene) throws IOException {
    var followers = scene.lab().followers(LEADER_WITHIN);
    return scene.victim().isEmpty() ? scene.any(followers) : scene.node();
  }

  private static Exercise leaderDies() {
    return new Exercise(
        "leader-dies",
        "The leader dies",
        false,
        """
        One of the managers will lose its power: its daemon and all its tasks die at once.
        Watch what the cluster does by itself. Then bring it back to full strength: every manager
        reachable, every replica of "shop" running.\
        """,
        GAP,
        Diagnosis.ofNode("Which node died? (its name)"),
        List.of(
            "skein node ls tells who leads and who is unreachable; ask a node that lives.",
            "skein dev ps shows which daemons run on this machine.",
            "skein dev start NODE gives it its power back; it catches up by itself."),
        """
        A leader that is not heard of for about a second is replaced: the other two are a majority
        and elect one of themselves. Writes wait that long, and none that was acknowledged is lost,
        because a majority had stored it before. The replicas of the dead node are started
        elsewhere once its heartbeats have been missed. Until the dead one returns, the cluster can
        lose no other manager: that is why it has to be brought back, or replaced, soon.\
        """,
        Duration.ofSeconds(60),
        new OneFault(
            "crash",
            Map.of(),
            ManagerExercises::leader,
            scene -> Goals.of(scene).managers(scene.lab().managers().size()).shop(REPLICAS)));
  }

  private static Exercise lostQuorum() {
    return new Exercise(
        "lost-quorum",
        "The quorum is lost for good: recover the cluster",
        false,
        """
        Two of three managers will be destroyed, with their disks. The one that is left has all that
        was ever acknowledged, but no majority: it can decide nothing. Recover the cluster from it,
        with "shop" as it was, and make it safe again: three reachable managers.\
        """,
        GAP,
        new Diagnosis(
            "Why does the manager that is left refuse to write?",
            List.of(
                "its disk is damaged as well",
                "one of three is no majority: others might have decided otherwise",
                "its certificate has expired",
                "it waits until the tasks have ended"),
            1),
        List.of(
            "Starting the destroyed managers again gives you empty daemons: they know nothing.",
            "skein swarm init --help, for the case that the quorum is lost. Give it the address"
                + " that the node had: skein dev ps shows it.",
            "The empty daemons can join anew: skein swarm join-token manager, then at each of"
                + " them: skein swarm join --token TOKEN --advertise-addr OWN --listen-addr OWN"
                + " OTHER:2377. Or promote workers.",
            "skein node rm --force NODE forgets a node that does not come back."),
        """
        A majority is what makes an acknowledgement safe, so a minority must not write: for all it
        knows the others are alive and decide otherwise. Only you can know that they are gone.
        init --force-new-cluster says so: the node keeps its state and becomes the only manager.
        What makes it dangerous is doing it while another part of the cluster still lives: then
        there are two. Afterwards add managers at once: one alone can lose nothing.\
        """,
        Duration.ofMinutes(4),
        new LostQuorum());
  }

  /// Two of three managers and their disks are gone.
  private static final class LostQuorum implements Plot {

    @Override
    public String prepare(Scene scene) throws IOException {
      if (scene.lab().managers().size() != 3) {
        throw new IOException("this exercise needs three managers: skein dev up --managers 3");
      }
      scene.openShop(REPLICAS);
      return scene.any(scene.lab().managers()).name();
    }

    @Override
    public void strike(Scene scene) throws IOException {
      var doomed =
          scene.lab().managers().stream()
              .filter(manager -> !manager.name().equals(scene.victim()))
              .toList();
      destroy(scene, doomed.getFirst());
      // From now on nothing is acknowledged that the last one has not stored.
      scene.awaitWrite();
      destroy(scene, doomed.getLast());
    }

    /// In the end the daemon is started again, if nobody has done that; its disk stays empty.
    private static void destroy(Scene scene, LabNode node) throws IOException {
      scene.inject("crash", node, Map.of());
      try (var entries = Files.newDirectoryStream(node.data())) {
        for (var entry : entries) {
          DirectoryTree.delete(entry);
        }
      }
    }

    @Override
    public List<String> unmet(Scene scene) throws IOException {
      return Goals.of(scene).managers(3).shop(REPLICAS).missing();
    }
  }

  private static Exercise oneWayPartition() {
    return new Exercise(
        "one-way-partition",
        "A manager that hears nobody",
        true,
        """
        A broken switch will drop every packet to one of the managers, while what it sends arrives.
        You can't repair the switch. Find the node, and make the cluster safe without it: it is no
        manager any more, three others are reachable as managers, "shop" runs.\
        """,
        GAP,
        Diagnosis.ofNode("Which node hears nobody? (its name)"),
        List.of(
            "skein node ls, asked at different managers: who is unreachable for whom?",
            "A worker can become a manager: skein node promote. Do it before you take one away:"
                + " of two managers none may fail.",
            "skein node demote NODE; it need not answer for that."),
        """
        A half-open network is worse than a cut cable: the node seems to be there. It can't
        hold a connection, because those need both directions, so it neither votes nor follows.
        Raft's check before an election keeps it from disturbing the others with ever higher terms.
        Replace a sick manager in this order: add the new one, then take the old one away.\
        """,
        Duration.ofMinutes(2),
        new OneFault(
            "partition.in",
            Map.of(),
            ManagerExercises::follower,
            scene -> Goals.of(scene).managers(3).notManager().shop(REPLICAS)));
  }

  private static Exercise diskFull() {
    return new Exercise(
        "disk-full",
        "A manager's disk is full",
        true,
        """
        Something will fill the disk of one of the managers. Find which one, free its disk, and
        bring the manager back: every manager reachable, "shop" running.\
        """,
        GAP,
        new Diagnosis(
            "What does a manager do that can't store what it is to acknowledge?",
            List.of(
                "it acknowledges from memory and stores later",
                "it stops, so that it never acknowledges what it has not stored",
                "it deletes its oldest log entries",
                "it asks another manager to store it"),
            1),
        List.of(
            "skein node ls and skein dev ps: who is not there? Its log is beside its socket.",
            "df -h shows the disks of isolated nodes: they are mounted at .../NODE/data.",
            "Remove what does not belong there; if the daemon has ended: skein dev start NODE."),
        """
        An acknowledgement says: a majority has it on disk. A manager that can't write can't say
        that any more. It ends rather than guess; the others go on. When there is room again it
        starts, and gets from the others what it has missed. Watch free space on managers before
        this happens: two full disks of three are a lost quorum.\
        """,
        Duration.ofMinutes(2),
        new DiskFull());
  }

  /// A full disk, which counts as repaired when there is room on it.
  private static final class DiskFull implements Plot {
    private static final long FREE_BYTES = 50L << 20;

    @Override
    public String prepare(Scene scene) throws IOException {
      scene.openShop(REPLICAS);
      return scene.any(scene.lab().managers()).name();
    }

    @Override
    public void strike(Scene scene) throws IOException {
      scene.inject("disk.full", scene.node(), Map.of());
    }

    @Override
    public List<String> unmet(Scene scene) throws IOException {
      var goals = Goals.of(scene).managers(scene.lab().managers().size()).shop(REPLICAS);
      var missing = new ArrayList<>(goals.missing());
      if (Files.getFileStore(scene.node().data()).getUsableSpace() < FREE_BYTES) {
        missing.add("a disk is still full");
      }
      return missing;
    }
  }

  private static Exercise slowDisk() {
    return new Exercise(
        "slow-disk",
        "Writes are slow: the leader's disk hangs again and again",
        true,
        """
        Writes will become slow, because the disk of one of the managers hangs again and again. You
        can't repair the disk now. Find the node, and see to it that the cluster does not depend on
        its disk: another manager leads. Nobody may lose a write.\
        """,
        GAP,
        Diagnosis.ofNode("Whose disk is slow? (the node's name)"),
        List.of(
            "A follower that is slow slows nobody down: two of three are enough.",
            "So whose disk is waited for at each write?",
            "skein node lead NODE hands leadership over without an election."),
        """
        A write is acknowledged when a majority has stored it, and the leader is always asked first:
        its disk is in the path of each write, a slow follower's is not. Handing leadership over
        takes some milliseconds. Then repair or replace the machine in peace.\
        """,
        Duration.ofSeconds(60),
        new OneFault(
            "disk.slow",
            Map.of("ms", "600"),
            ManagerExercises::leader,
            scene -> Goals.of(scene).notLeader().shop(REPLICAS)));
  }
}
