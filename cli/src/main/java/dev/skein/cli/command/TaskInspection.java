package dev.skein.cli.command;

import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.command.Command.Entry;
import dev.skein.cli.command.Command.Group;
import dev.skein.cli.command.Command.Leaf;
import java.util.List;

/// `skein task inspect`
final class TaskInspection {
  private TaskInspection() {}

  static Group group() {
    return new Group(
        "Inspect tasks. `skein service ps` and `skein node ps` list them.",
        List.of(new Entry("inspect", "Show everything about tasks", TaskInspection::leaf)));
  }

  private static Leaf leaf() {
    return Leaf.of(
            "[OPTIONS] TASK [TASK...]",
            "Show everything about tasks, also about those that have ended and that history still"
                + " has.")
        .flags(Inspection.FORMAT)
        .arguments(1, Integer.MAX_VALUE)
        .examples(
            "skein task inspect 0znn1jhdq4zo",
            "skein task inspect --format '{{.Status.State}}: {{.Status.Err}}' 0znn1jhdq4zo")
        .does(
            (context, arguments) -> {
              try (EngineClient client = context.client()) {
                return Inspection.run(
                    context,
                    arguments,
                    "task",
                    id -> client.object(Query.of("/tasks", id).toString()),
                    task -> "");
              }
            });
  }
}
