package dev.skein.state.ratis;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/// Keeps Ratis quiet: it logs each election, connection attempt and segment at info, and whole
/// stack traces for a member that is merely down.
public final class RatisLogging {
  // JUL holds loggers weakly: without these the levels would be forgotten.
  private static final List<Logger> QUIET =
      List.of(
          Logger.getLogger("org.apache.ratis"),
          Logger.getLogger("org.apache.ratis.grpc.server.GrpcLogAppender"),
          Logger.getLogger("org.apache.ratis.grpc.server.GrpcServerProtocolService"),
          Logger.getLogger("org.apache.ratis.server.impl.LeaderElection"),
          Logger.getLogger("org.apache.ratis.util.ExitUtils"),
          Logger.getLogger("org.apache.ratis.thirdparty"));

  private RatisLogging() {}

  /// Limits Ratis to errors, for as long as the program runs.
  public static void quiet() {
    QUIET.forEach(logger -> logger.setLevel(Level.SEVERE));
  }

  /// Lets Ratis log from the given level on, to look for a fault.
  public static void verbose(Level level) {
    QUIET.forEach(logger -> logger.setLevel(level));
  }
}
