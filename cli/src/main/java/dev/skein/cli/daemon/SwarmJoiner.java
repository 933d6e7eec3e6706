package dev.skein.cli.daemon;

import static java.util.Objects.requireNonNull;

import dev.skein.api.ApiException;
import dev.skein.cli.daemon.identity.Enrolment;
import dev.skein.cli.daemon.identity.Identity;
import dev.skein.cli.daemon.identity.IdentityStore;
import dev.skein.manager.ca.JoinToken;
import dev.skein.proto.v1.IssueCertificateRequest;
import dev.skein.proto.v1.JoinRequest;
import dev.skein.proto.v1.NodeRecord;
import dev.skein.proto.v1.NodeRole;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// `swarm join`: gets this node its first certificate, and, if that is a manager's, into the Raft
/// group.
final class SwarmJoiner {

  /// How long a joining manager waits to be let in, as Docker does.
  private static final int JOIN_SECONDS = 20;

  private static final long RETRY_MS = 500;

  private final DaemonFiles files;
  private final String hostname;
  private final BiFunction<NodeRecord, Identity, Member> members;

  /// What came of it.
  ///
  /// @param late why it is not a manager yet, though it may still become one; empty if all is done
  record Joined(Member member, String late) {}

  /// @param members makes a member that is not started yet
  SwarmJoiner(
      DaemonFiles files, String hostname, BiFunction<NodeRecord, Identity, Member> members) {
    this.files = files;
    this.hostname = hostname;
    this.members = members;
  }

  /// Joins a swarm.
  ///
  /// @return the member, to be started
  /// @throws ApiException if the request is not in order, no manager answers, or one refuses
  Joined join(JoinRequest request) throws Exception {
    JoinToken token;
    try {
      token = JoinToken.parse(request.getJoinToken());
    } catch (IllegalArgumentException e) {
      throw new ApiException(500, "invalid join token");
    }
    if (request.getRemoteAddrsList().isEmpty()) {
      throw new ApiException(400, "at least 1 RemoteAddr is required to join");
    }
    var addresses = NodeAddresses.resolve(request.getListenAddr(), request.getAdvertiseAddr());
    var asked =
        IssueCertificateRequest.newBuilder()
            .setAvailability(request.getAvailability())
            .setHostname(hostname)
            .setAddr(addresses.advertiseHost())
            .setEphemeral(request.getEphemeral());
    if (request.hasEphemeralAfter()) {
      asked.setEphemeralAfter(request.getEphemeralAfter());
    }
    var remotes = request.getRemoteAddrsList().stream().map(NodeAddresses::withPort).toList();
    var identity = enrol(remotes, token, asked.build());
    var subject = identity.subject();
    var record =
        addresses.record().toBuilder()
            .setNodeId(subject.nodeId())
            .setClusterId(subject.clusterId())
            .setRole(NodeRole.NODE_ROLE_WORKER)
            .addAllManagers(remotes)
            .build();
    var joined = members.apply(record, identity);
    try {
      files.forget();
      new IdentityStore(files.identity()).save(identity);
      files.writeRecord(record);
      followSoon(joined);
    } catch (LateException e) {
      return new Joined(joined, String.valueOf(e.getMessage()));
    } catch (Exception e) {
      joined.close();
      files.forget();
      throw e;
    }
    return new Joined(joined, "");
  }

  /// The managers may be electing a leader just now, or be busy.
  private static void followSoon(Member joined) throws IOException {
    var giveUpAt = SystemClock.NANOS.getAsLong() + TimeUnit.SECONDS.toNanos(JOIN_SECONDS);
    while (true) {
      try {
        joined.follow();
        return;
      } catch (IOException e) {
        if (!(e.getCause() instanceof StatusRuntimeException refused) || !isTemporary(refused)) {
          throw e;
        }
        if (SystemClock.NANOS.getAsLong() - giveUpAt > 0) {
          throw new LateException(e);
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(RETRY_MS));
      }
    }
  }

  private static boolean isTemporary(StatusRuntimeException refused) {
    return switch (refused.getStatus().getCode()) {
      case UNAVAILABLE, DEADLINE_EXCEEDED, ABORTED -> true;
      default -> false;
    };
  }

  /// A step did not succeed in time, and may still.
  private static final class LateException extends IOException {
    private static final long serialVersionUID = 1;

    LateException(IOException last) {
      super(last.getMessage(), last);
    }
  }

  private static Identity enrol(
      List<String> remotes, JoinToken token, IssueCertificateRequest asked) {
    @Nullable ApiException last = null;
    for (var remote : remotes) {
      try {
        return Enrolment.join(remote, token, asked);
      } catch (IllegalArgumentException e) {
        last = new ApiException(400, String.valueOf(e.getMessage()));
      } catch (StatusRuntimeException e) {
        var status = e.getStatus();
        last =
            status.getCode() == Status.Code.UNAVAILABLE
                    || status.getCode() == Status.Code.DEADLINE_EXCEEDED
                ? new ApiException(
                    503, "could not reach the manager at %s: %s".formatted(remote, reason(status)))
                : new ApiException(400, String.valueOf(status.getDescription()));
      }
    }
    throw requireNonNull(last);
  }

  private static String reason(Status status) {
    var cause = status.getCause();
    return cause == null || cause.getMessage() == null
        ? String.valueOf(status.getDescription())
        : cause.getMessage();
  }
}
