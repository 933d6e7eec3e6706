package dev.skein.bench.write;

import dev.skein.bench.RealTime;
import dev.skein.bench.cluster.LocalCluster;
import dev.skein.cli.daemon.DirectoryTree;
import dev.skein.cli.daemon.identity.Identity;
import dev.skein.cli.daemon.identity.IdentityStore;
import dev.skein.manager.auth.NodeSubject;
import dev.skein.manager.ca.CertificateRequest;
import dev.skein.manager.ca.RootAuthority;
import dev.skein.proto.v1.NodeRole;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Skein's store alone, as three [StoreMember]s: what etcd's put is to etcd.
@RealTime
final class StorePeer implements Peer {
  /// Begins the answer to a run that was cut off, as by a change of the leader.
  static final String FAILED = "failed: ";

  private static final int MEMBERS = 3;
  private static final int PORT = 2378;

  private final Path directory = LocalCluster.newDirectory();
  private final List<Member> members = new ArrayList<>();
  private final Thread onExit = new Thread(() -> members.forEach(Member::kill));

  /// A member's process, and the lines that are exchanged with it.
  private record Member(Process process, PrintWriter commands, BufferedReader answers) {
    String ask(String command) throws IOException {
      commands.println(command);
      var answer = answers.readLine();
      if (answer == null) {
        throw new IOException("a member of the store has ended");
      }
      return answer;
    }

    void kill() {
      process.destroyForcibly();
    }
  }

  StorePeer() throws IOException, InterruptedException {
    Runtime.getRuntime().addShutdownHook(onExit);
    try {
      var random = new SecureRandom();
      var now = Instant.now();
      var root = RootAuthority.create(now, random);
      var authority = RootAuthority.of(root, random);
      var key = new byte[32];
      random.nextBytes(key);
      for (var i = 1; i <= MEMBERS; i++) {
        var keys = CertificateRequest.newKeyPair();
        var certificate =
            authority.issue(
                CertificateRequest.create(keys),
                new NodeSubject("node-" + i, NodeRole.NODE_ROLE_MANAGER, StoreMember.CLUSTER),
                now,
                Duration.ofDays(1));
        var home = directory.resolve("s" + i);
        Files.createDirectories(home);
        new IdentityStore(home.resolve("identity.pem"))
            .save(Identity.parse(keys.getPrivate(), certificate, root.getCertificate()));
        members.add(start(i, home, HexFormat.of().formatHex(key)));
      }
      LocalCluster.await("the store has no leader", () -> leader() != null);
    } catch (IOException | InterruptedException e) {
      close();
      throw e;
    }
  }

  private Member start(int self, Path home, String key) throws IOException {
    var command = new ArrayList<>(DaemonJvm.command());
    command.add(StoreMember.class.getName());
    command.add(home.toString());
    command.add(address(self));
    for (var i = 1; i <= MEMBERS; i++) {
      if (i != self) {
        command.add(address(i));
      }
    }
    var process =
        new ProcessBuilder(command)
            .redirectError(directory.resolve("s" + self + ".log").toFile())
            .start();
    var commands = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
    commands.println(key);
    return new Member(process, commands, process.inputReader(StandardCharsets.UTF_8));
  }

  private static String address(int member) {
    return "s%d=127.88.3.%d:%d".formatted(member, member, PORT);
  }

  private @Nullable Member leader() throws IOException {
    for (var member : members) {
      if (Boolean.parseBoolean(member.ask("leads"))) {
        return member;
      }
    }
    return null;
  }

  @Override
  public String label() {
    return "skein store";
  }

  @Override
  public ClosedLoop.Result run(int writers, double seconds) throws Exception {
    LocalCluster.await("the store has no leader", () -> leader() != null);
    var leader = leader();
    if (leader == null) {
      throw new IOException("the store has lost its leader");
    }
    var answer = leader.ask("run " + writers + " " + seconds);
    if (answer.startsWith(FAILED)) {
      throw new IOException(answer.substring(FAILED.length()));
    }
    return ClosedLoop.Result.parse(answer);
  }

  @Override
  public List<Long> processes() {
    return members.stream().map(member -> member.process.pid()).toList();
  }

  @Override
  public void close() throws IOException {
    Runtime.getRuntime().removeShutdownHook(onExit);
    members.forEach(Member::kill);
    for (var member : members) {
      member.process.onExit().join();
    }
    DirectoryTree.delete(directory);
  }
}
