package dev.skein.cli.dev;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What makes the nodes of a local cluster separate machines: a network namespace and a disk for
/// each. The namespaces are joined by a bridge in one more namespace, so that nothing of it touches
/// the network of the machine itself, and every cluster may use the same addresses. A disk is an
/// ext4 file system in a file. Needs root.
public final class Isolation {

  /// Before a node's number.
  public static final String NETWORK = "10.77.0.";

  /// What joins the nodes, in the namespace of [#hub]; each node's link there has its name.
  public static final String BRIDGE = "br0";

  private static final Path NAMESPACES = Path.of("/run/netns");
  private static final String BRIDGE_ADDRESS = NETWORK + "254";
  private static final String DISK_SIZE = "1G";

  private final String id;

  private Isolation(String id) {
    this.id = id;
  }

  /// That of the cluster below a directory.
  public static Isolation of(Path root) {
    // Another directory with the same hash would be refused by "ip netns add".
    return new Isolation(
        "skein-%08x".formatted(root.toAbsolutePath().normalize().toString().hashCode()));
  }

  /// What this machine lacks for it, in words.
  public static Optional<String> missing() {
    if (!"root".equals(System.getProperty("user.name"))) {
      return Optional.of("isolated nodes need root");
    }
    for (var tool :
        List.of(
            List.of("ip", "-V", "iproute2"),
            List.of("nsenter", "-V", "util-linux"),
            List.of("mkfs.ext4", "-V", "e2fsprogs"))) {
      if (!SystemCommand.succeeds(tool.get(0), tool.get(1))) {
        return Optional.of(
            "isolated nodes need %s: apt-get install %s".formatted(tool.get(0), tool.get(2)));
      }
    }
    return Optional.empty();
  }

  /// Whether there is one.
  public boolean exists() {
    return Files.exists(NAMESPACES.resolve(hub()));
  }

  /// The namespace that joins the nodes; its own address reaches all of them.
  public String hub() {
    return id;
  }

  /// The file that this namespace is entered through.
  public Path file() {
    return NAMESPACES.resolve(hub());
  }

  /// A node's network namespace.
  public String namespace(String node) {
    return id + "-" + node;
  }

  /// The words before a command that make it run in a namespace.
  public static List<String> inside(String namespace) {
    return List.of("nsenter", "--net=" + NAMESPACES.resolve(namespace), "--");
  }

  /// Makes the namespace that joins the nodes.
  void create() throws IOException {
    SystemCommand.run("ip", "netns", "add", hub());
    ip(hub(), "link set lo up");
    ip(hub(), "link add " + BRIDGE + " type bridge forward_delay 0");
    ip(hub(), "address add " + BRIDGE_ADDRESS + "/24 dev " + BRIDGE);
    ip(hub(), "link set " + BRIDGE + " up");
  }

  /// Makes a node's network and disk.
  void add(DevNode node) throws IOException {
    var own = namespace(node.name());
    SystemCommand.run("ip", "netns", "add", own);
    ip(hub(), "link add " + node.name() + " type veth peer name eth0 netns " + own);
    ip(hub(), "link set " + node.name() + " master " + BRIDGE + " up");
    ip(own, "link set lo up");
    ip(own, "address add " + node.address() + "/24 dev eth0");
    ip(own, "link set eth0 up");
    ip(own, "route add default via " + BRIDGE_ADDRESS);
    var image = node.image();
    SystemCommand.run("truncate", "-s", DISK_SIZE, image.toString());
    // Nothing reserved for root: a full disk is full for the daemon as well.
    SystemCommand.run("mkfs.ext4", "-q", "-F", "-m", "0", image.toString());
    mount(node);
  }

  private static void ip(String namespace, String words) throws IOException {
    var command = new ArrayList<>(List.of("ip", "-n", namespace));
    command.addAll(List.of(words.split(" ")));
    SystemCommand.run(command);
  }

  /// Mounts a node's disk if it is not.
  static void mount(DevNode node) throws IOException {
    if (isMounted(node)) {
      return;
    }
    Files.createDirectories(node.data());
    SystemCommand.run("mount", "-o", "loop", node.image().toString(), node.data().toString());
  }

  /// Ends the freeze of a node's disk, if it is frozen.
  static void thaw(DevNode node) {
    SystemCommand.succeeds("fsfreeze", "-u", node.data().toString());
  }

  /// Takes a node's disk away, whose processes have ended.
  public static void unmount(DevNode node) throws IOException {
    if (isMounted(node)) {
      SystemCommand.run("umount", node.data().toString());
    }
  }

  private static boolean isMounted(DevNode node) {
    return SystemCommand.succeeds("mountpoint", "-q", node.data().toString());
  }

  /// Removes what [#add] made.
  void remove(DevNode node) throws IOException {
    unmount(node);
    delete(namespace(node.name()));
  }

  /// Removes what [#create] made.
  void remove() throws IOException {
    delete(hub());
  }

  private static void delete(String namespace) throws IOException {
    if (Files.exists(NAMESPACES.resolve(namespace))) {
      SystemCommand.run("ip", "netns", "delete", namespace);
    }
  }
}
