package dev.skein.state.ratis;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.ratis.proto.RaftProtos.FollowerInfoProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.proto.RaftProtos.ServerRpcProto;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.TransferLeadershipRequest;
import org.apache.ratis.protocol.exceptions.NotLeaderException;
import org.apache.ratis.server.RaftServer;
import org.jspecify.annotations.Nullable;

/// Changes and shows who is in the group. One change at a time: Ratis accepts overlapping ones and
/// may lose one of them. Thread-safe.
final class Membership {
  private final RaftServer server;
  private final RaftServer.Division division;
  private final ClientId client;
  private final LongSupplier callIds;
  private final Supplier<RaftException> notLeader;
  private final AtomicBoolean changing = new AtomicBoolean();

  Membership(
      RaftServer server,
      RaftServer.Division division,
      ClientId client,
      LongSupplier callIds,
      Supplier<RaftException> notLeader) {
    this.server = server;
    this.division = division;
    this.client = client;
    this.callIds = callIds;
    this.notLeader = notLeader;
  }

  List<RaftMember> members() {
    return division.getRaftConf().getAllPeers().stream().map(Membership::member).toList();
  }

  List<PeerStatus> peers() {
    RoleInfoProto role = division.getInfo().getRoleInfoProto();
    Map<String, Long> silence = new HashMap<>();
    Map<String, Long> match = new HashMap<>();
    Map<String, Long> next = new HashMap<>();
    String self = division.getId().toString();
    silence.put(self, 0L);
    if (role.hasLeaderInfo()) {
      List<ServerRpcProto> followers = role.getLeaderInfo().getFollowerInfoList();
      long[] matches = division.getInfo().getFollowerMatchIndices();
      long[] nexts = division.getInfo().getFollowerNextIndices();
      for (int i = 0; i < followers.size(); i++) {
        String id = followers.get(i).getId().getId().toStringUtf8();
        if (isKnown(followers.get(i).getLastRpcElapsedTimeMs(), role)) {
          silence.put(id, followers.get(i).getLastRpcElapsedTimeMs());
        }
        // Read one after the other: a change in between leaves them out rather than mixed up.
        if (matches != null
            && nexts != null
            && matches.length == followers.size()
            && nexts.length == followers.size()) {
          match.put(id, matches[i]);
          next.put(id, nexts[i]);
        }
      }
      match.put(self, division.getRaftLog().getFlushIndex());
      next.put(self, division.getRaftLog().getNextIndex());
    } else if (role.hasFollowerInfo()) {
      FollowerInfoProto follower = role.getFollowerInfo();
      if (follower.hasLeaderInfo()) {
        silence.put(
            follower.getLeaderInfo().getId().getId().toStringUtf8(),
            follower.getLeaderInfo().getLastRpcElapsedTimeMs());
      }
    }
    RaftPeerId leader = division.getInfo().getLeaderId();
    List<PeerStatus> peers = new ArrayList<>();
    for (RaftMember member : members()) {
      String id = member.id();
      peers.add(
          new PeerStatus(
              member,
              leader != null && id.equals(leader.toString()),
              silence.get(id),
              match.get(id),
              next.get(id)));
    }
    return peers;
  }

  /// A leader counts the silence of those that never answered it from a little before it led; that
  /// says nothing until it has led for long.
  private static boolean isKnown(long silentMillis, RoleInfoProto leading) {
    return silentMillis <= leading.getRoleElapsedTimeMs()
        || leading.getRoleElapsedTimeMs() > RaftLimits.REACHABLE_WITHIN.toMillis();
  }

  CompletableFuture<Void> add(RaftMember added) {
    for (RaftMember member : members()) {
      if (member.equals(added)) {
        return CompletableFuture.completedFuture(null);
      }
      if (member.id().equals(added.id()) || member.address().equals(added.address())) {
        return refuse(added + " collides with the member " + member + "; remove that one first");
      }
    }
    return change(
        SetConfigurationRequest.Arguments.newBuilder()
            .setServersInNewConf(List.of(peer(added)))
            .setMode(SetConfigurationRequest.Mode.ADD)
            .build());
  }

  CompletableFuture<Void> remove(String id) {
    List<PeerStatus> before = peers();
    List<PeerStatus> after =
        before.stream().filter(status -> !status.member().id().equals(id)).toList();
    if (after.size() == before.size()) {
      return CompletableFuture.completedFuture(null);
    }
    if (after.isEmpty()) {
      return refuse("cannot remove " + id + ": it is the last manager");
    }
    long reachable =
        after.stream().filter(status -> Boolean.TRUE.equals(status.reachable())).count();
    int majority = after.size() / 2 + 1;
    if (division.getInfo().isLeader() && reachable < majority) {
      return refuse(
          "cannot remove "
              + id
              + ": only "
              + reachable
              + " of the "
              + after.size()
              + " other managers answer and "
              + majority
              + " are needed for a quorum; bring one back or remove an unreachable one");
    }
    List<RaftPeer> current = List.copyOf(division.getRaftConf().getAllPeers());
    return change(
        SetConfigurationRequest.Arguments.newBuilder()
            .setServersInCurrentConf(current)
            .setServersInNewConf(
                current.stream().filter(peer -> !peer.getId().toString().equals(id)).toList())
            .setMode(SetConfigurationRequest.Mode.COMPARE_AND_SET)
            .build());
  }

  CompletableFuture<Void> transfer(String id, Duration within) {
    if (!division.getInfo().isLeader()) {
      return CompletableFuture.failedFuture(notLeader.get());
    }
    if (members().stream().noneMatch(member -> member.id().equals(id))) {
      return refuse("cannot hand leadership to " + id + ": it is not a manager");
    }
    if (id.equals(division.getId().toString())) {
      return CompletableFuture.completedFuture(null);
    }
    TransferLeadershipRequest request =
        new TransferLeadershipRequest(
            client,
            server.getId(),
            group(),
            callIds.getAsLong(),
            RaftPeerId.valueOf(id),
            within.toMillis());
    return outcome(
        "the manager did not take over (it may be unreachable, slow or too far behind; try again)",
        submit(() -> server.transferLeadershipAsync(request)));
  }

  private CompletableFuture<Void> change(SetConfigurationRequest.Arguments arguments) {
    if (!division.getInfo().isLeader()) {
      return CompletableFuture.failedFuture(notLeader.get());
    }
    if (!changing.compareAndSet(false, true)) {
      return refuse("another change of the managers is in progress; try again when it is done");
    }
    SetConfigurationRequest request =
        new SetConfigurationRequest(
            client, server.getId(), group(), callIds.getAsLong(), arguments);
    return outcome(
            "the change of the managers failed",
            submit(() -> server.setConfigurationAsync(request)))
        .whenComplete((done, failure) -> changing.set(false));
  }

  private RaftGroupId group() {
    return division.getMemberId().getGroupId();
  }

  /// A call of Ratis' asynchronous API, which may also throw at once.
  private interface Call {
    CompletableFuture<RaftClientReply> start() throws IOException;
  }

  private static CompletableFuture<RaftClientReply> submit(Call call) {
    try {
      return call.start();
    } catch (IOException | RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private CompletableFuture<Void> outcome(
      String otherwise, CompletableFuture<RaftClientReply> reply) {
    return reply.handle(
        (answer, failure) -> {
          Throwable cause = failure != null ? root(failure) : answer.getException();
          if (cause instanceof NotLeaderException) {
            throw notLeader.get();
          }
          if (cause != null || !answer.isSuccess()) {
            throw new RaftException.Refused(
                otherwise + ": " + (cause == null ? "no reason given" : cause.getMessage()), cause);
          }
          return null;
        });
  }

  private static Throwable root(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  private static CompletableFuture<Void> refuse(String message) {
    return CompletableFuture.failedFuture(new RaftException.Refused(message, null));
  }

  static RaftPeer peer(RaftMember member) {
    return RaftPeer.newBuilder().setId(member.id()).setAddress(member.address()).build();
  }

  static RaftMember member(RaftPeer peer) {
    return RaftMember.parse(peer.getId().toString(), peer.getAddress());
  }

  static @Nullable String name(@Nullable RaftPeerId id) {
    return id == null ? null : id.toString();
  }
}
