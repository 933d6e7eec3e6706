package dev.skein.manager.control;

import dev.skein.proto.v1.Change;
import dev.skein.proto.v1.ClusterSpec;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.Version;
import dev.skein.state.ClusterState;
import dev.skein.state.ratis.PeerStatus;
import java.security.SecureRandom;
import java.util.List;
import java.util.function.Supplier;

/// The one gate that every mutation passes: may this be done to this state, and by which changes.
/// Decides only; safe for use from any thread.
public final class Admission {
  private final ServiceAdmission services;
  private final NodeAdmission nodes;
  private final ClusterAdmission cluster;

  /// @param peers the Raft group's members as the leader sees them
  /// @param random for new join tokens
  public Admission(SpecLimits limits, Supplier<List<PeerStatus>> peers, SecureRandom random) {
    this.services = new ServiceAdmission(new ServiceSpecRules(limits));
    this.nodes = new NodeAdmission(peers);
    this.cluster = new ClusterAdmission(random);
  }

  /// Checks the spec of a cluster that is about to be founded, and so has no state to admit it to.
  public static void requireValid(ClusterSpec spec) throws Rejection {
    ClusterAdmission.check(spec);
  }

  /// Checks the spec of a node that is about to join.
  public static void requireValid(NodeSpec spec) throws Rejection {
    NodeAdmission.check(spec);
  }

  /// What is to be proposed.
  ///
  /// @param id of the object it is about
  /// @param changes empty when there is nothing to do
  /// @param warnings for the user
  public record Admitted(String id, List<Change> changes, List<String> warnings) {
    public Admitted {
      changes = List.copyOf(changes);
      warnings = List.copyOf(warnings);
    }

    static Admitted of(String id, Change change) {
      return new Admitted(id, List.of(change), List.of());
    }
  }

  /// Decides on a mutation of a state.
  ///
  /// @throws Rejection when it may not be done
  public Admitted admit(ClusterState state, Mutation mutation) throws Rejection {
    return switch (mutation) {
      case Mutation.CreateService(var request, var id, var now) ->
          services.create(state, request, id, now);
      case Mutation.UpdateService(var request, var now) -> services.update(state, request, now);
      case Mutation.Autoscale decided -> services.autoscale(state, decided);
      case Mutation.Rearrange(var request, var id, var now) ->
          RearrangeAdmission.rearrange(state, request, id, now);
      case Mutation.RemoveService(var request) -> services.remove(state, request);
      case Mutation.UpdateNode(var request, var now) -> nodes.update(state, request, now);
      case Mutation.RemoveNode(var request) -> nodes.remove(state, request);
      case Mutation.UpdateCluster(var request) -> cluster.update(state, request);
    };
  }

  /// Refuses a request whose sender has not seen the present spec. What else the cluster noted of
  /// the object since is no reason to. A request without a version is about the object as it is.
  ///
  /// @param specIndex the version at which the spec was last changed
  static void requireVersion(boolean given, Version seen, long specIndex, Version stored)
      throws Rejection {
    if (given && (seen.getIndex() < specIndex || seen.getIndex() > stored.getIndex())) {
      throw Rejection.outOfSequence();
    }
  }
}
