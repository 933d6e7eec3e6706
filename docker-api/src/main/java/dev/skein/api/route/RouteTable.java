package dev.skein.api.route;

import dev.skein.api.ApiConfig;
import dev.skein.api.LocalNode;
import dev.skein.api.http.Route;
import io.grpc.Channel;
import java.time.InstantSource;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/// All that the API answers.
public final class RouteTable {
  private RouteTable() {}

  /// The table of one daemon.
  ///
  /// @param control reaches the leader's control API from any manager
  /// @param random for the names of services that were created without one
  public static List<Route> of(
      ApiConfig config,
      Channel control,
      LocalNode node,
      InstantSource clock,
      RandomGenerator random) {
    var client = new ControlClient(control, node, config.limits().callTimeout());
    var host = Host.read();
    return Stream.of(
            new SystemRoutes(config, client, node, host, clock).routes(),
            new SwarmRoutes(client, node).routes(),
            new NodeRoutes(client).routes(),
            new ServiceRoutes(client, new ServiceNames(random)).routes(),
            new TaskRoutes(client).routes(),
            new EventRoutes(client).routes(),
            new StatsRoutes(client).routes(),
            new RearrangeRoutes(client).routes(),
            new LaterRoutes().routes(),
            new SkeinRoutes(config, client, node, host, clock).routes())
        .flatMap(List::stream)
        .toList();
  }
}
