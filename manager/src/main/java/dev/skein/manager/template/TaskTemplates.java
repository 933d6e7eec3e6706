package dev.skein.manager.template;

import dev.skein.proto.v1.ContainerSpec;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The templates of a task's specification: in its environment, host name, directory, command and
/// arguments.
///
/// They are expanded where a task is handed to its node rather than on the node: all that they name
/// is in the replicated state, nodes need not be told of labels that only templates use, and a node
/// runs, keeps and shows exactly what it was sent. A task starts once, so it never sees values that
/// changed after it was handed over.
public final class TaskTemplates {
  /// All texts of one specification, expanded, in characters: one label may be named often.
  public static final int EXPANDED_MAX = 512 << 10;

  /// Longer than any id, host name or platform.
  private static final String LONGEST = "x".repeat(256);

  private TaskTemplates() {}

  private static List<String> texts(ContainerSpec spec) {
    var texts = new ArrayList<String>(spec.getCommandList());
    texts.addAll(spec.getArgsList());
    texts.addAll(spec.getEnvList());
    texts.add(spec.getHostname());
    texts.add(spec.getDir());
    return texts;
  }

  /// Checks every template.
  ///
  /// @param labels the service's
  /// @throws TemplateException naming the first that is wrong, or that they would become too long
  public static void check(ContainerSpec spec, Map<String, String> labels)
      throws TemplateException {
    var length = 0L;
    for (var text : texts(spec)) {
      if (!Template.isTemplate(text)) {
        continue;
      }
      length +=
          Template.parse(text)
              .expand(field -> LONGEST, key -> labels.getOrDefault(key, ""))
              .length();
      if (length > EXPANDED_MAX) {
        throw new TemplateException(
            "the texts may become longer than %d characters".formatted(EXPANDED_MAX), 1);
      }
    }
  }

  /// What the task's node is to run.
  public static TaskSpec expanded(TaskSpec spec, Service service, Node node, Task task) {
    if (texts(spec.getContainerSpec()).stream().noneMatch(Template::isTemplate)) {
      return spec;
    }
    var values = new Values(service, node, task);
    var container = spec.getContainerSpec().toBuilder();
    container.clearCommand().addAllCommand(values.in(spec.getContainerSpec().getCommandList()));
    container.clearArgs().addAllArgs(values.in(spec.getContainerSpec().getArgsList()));
    container.clearEnv().addAllEnv(values.in(spec.getContainerSpec().getEnvList()));
    container.setHostname(values.in(container.getHostname()));
    container.setDir(values.in(container.getDir()));
    return spec.toBuilder().setContainerSpec(container).build();
  }

  private record Values(Service service, Node node, Task task) {
    List<String> in(List<String> texts) {
      return texts.stream().map(this::in).toList();
    }

    String in(String text) {
      if (!Template.isTemplate(text)) {
        return text;
      }
      try {
        return Template.parse(text)
            .expand(this::of, key -> service.getSpec().getLabelsOrDefault(key, ""));
      } catch (TemplateException unreadable) {
        // Admission refuses these; one that came in by another version is taken as it is written.
        return text;
      }
    }

    private String of(Template.Field field) {
      return switch (field) {
        case SERVICE_ID -> service.getId();
        case SERVICE_NAME -> service.getSpec().getName();
        case NODE_ID -> node.getId();
        case NODE_HOSTNAME -> node.getDescription().getHostname();
        case NODE_OS -> node.getDescription().getPlatform().getOs();
        case NODE_ARCHITECTURE -> node.getDescription().getPlatform().getArchitecture();
        case TASK_ID -> task.getId();
        case TASK_NAME -> "%s.%s.%s".formatted(service.getSpec().getName(), slot(), task.getId());
        case TASK_SLOT -> slot();
      };
    }

    /// The slot of a replicated service's task; the node of a global one's, as Docker has it.
    private String slot() {
      return task.getSlot() == 0 ? task.getNodeId() : Integer.toUnsignedString(task.getSlot());
    }
  }
}
