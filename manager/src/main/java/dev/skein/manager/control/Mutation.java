package dev.skein.manager.control;

import dev.skein.proto.v1.CreateServiceRequest;
import dev.skein.proto.v1.RearrangeRequest;
import dev.skein.proto.v1.RemoveNodeRequest;
import dev.skein.proto.v1.RemoveServiceRequest;
import dev.skein.proto.v1.UpdateClusterRequest;
import dev.skein.proto.v1.UpdateNodeRequest;
import dev.skein.proto.v1.UpdateServiceRequest;
import java.time.Instant;

/// Everything that a user may change, with what the decision needs beside the state: it is pure, so
/// that it can be made again when the state moved on.
public sealed interface Mutation {
  /// A new service.
  ///
  /// @param id the new service's
  /// @param now when a job's first iteration begins
  record CreateService(CreateServiceRequest request, String id, Instant now) implements Mutation {}

  /// Another spec, or the previous one again; or a canary's promotion.
  ///
  /// @param now when a rollback or a job's iteration begins
  record UpdateService(UpdateServiceRequest request, Instant now) implements Mutation {}

  /// Another number of replicas, decided by the leader for a service that is scaled by itself.
  ///
  /// @param spec what it was decided by
  /// @param message what is done and why, in a sentence
  record Autoscale(
      String serviceId,
      dev.skein.proto.v1.Autoscale spec,
      long from,
      long to,
      String message,
      Instant now)
      implements Mutation {}

  /// Its tasks are stopped and drained first.
  record RemoveService(RemoveServiceRequest request) implements Mutation {}

  /// Role, availability, labels.
  ///
  /// @param now when a drain begins
  record UpdateNode(UpdateNodeRequest request, Instant now) implements Mutation {}

  /// Forgets the node.
  record RemoveNode(RemoveNodeRequest request) implements Mutation {}

  /// Moves of replicas to other nodes.
  ///
  /// @param id the rearrangement's
  record Rearrange(RearrangeRequest request, String id, Instant now) implements Mutation {}

  /// The cluster's spec and join tokens.
  record UpdateCluster(UpdateClusterRequest request) implements Mutation {}
}
