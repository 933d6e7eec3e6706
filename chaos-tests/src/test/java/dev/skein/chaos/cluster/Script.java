package dev.skein.chaos.cluster;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The launcher as a user starts it.
public final class Script {

  private Script() {}

  /// Runs a command and waits for its end.
  ///
  /// @param environment on top of this process's
  public static Outcome run(Path script, Map<String, String> environment, String... words)
      throws IOException, InterruptedException {
    var line = new ArrayList<>(List.of(script.toString()));
    line.addAll(List.of(words));
    var all = new HashMap<>(environment);
    all.put("SKEIN_NO_BUILD", "1");
    return Command.run(line, all);
  }
}
