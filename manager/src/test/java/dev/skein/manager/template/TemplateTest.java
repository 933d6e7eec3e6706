package dev.skein.manager.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.skein.manager.plan.World;
import dev.skein.proto.v1.ContainerSpec;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TaskSpec;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TemplateTest {
  private static final Service SERVICE =
      Service.newBuilder()
          .setId("s1")
          .setSpec(
              ServiceSpec.newBuilder()
                  .setName("web")
                  .putLabels("tier", "front")
                  .putLabels("com.example.team", "blue"))
          .build();
  private static final Task TASK = Task.newBuilder().setId("t1").setSlot(3).setNodeId("n1").build();

  private static String expanded(String text, Task task) {
    var spec =
        TaskSpec.newBuilder().setContainerSpec(ContainerSpec.newBuilder().addArgs(text)).build();
    return TaskTemplates.expanded(spec, SERVICE, World.aNode("n1"), task)
        .getContainerSpec()
        .getArgs(0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{{.Service.ID}}; s1",
        "{{.Service.Name}}; web",
        "{{ .Service.Labels.tier }}; front",
        "{{.Service.Labels.com.example.team}}; blue",
        "{{index .Service.Labels \"com.example.team\"}}; blue",
        "<{{.Service.Labels.absent}}>; <>",
        "{{.Node.ID}}; n1",
        "{{.Node.Hostname}}; n1",
        "{{.Node.Platform.OS}}-{{.Node.Platform.Architecture}}; linux-x86_64",
        "{{.Task.ID}}; t1",
        "{{.Task.Name}}; web.3.t1",
        "--id={{.Task.Slot}}/{{.Task.Slot}}; --id=3/3",
        "{{\"{{\"}}.Task.Slot}}; {{.Task.Slot}}",
        "a } b {c} }}; a } b {c} }}",
      })
  void placeholdersAreReplacedByWhatTheyName(String text, String value) {
    assertThat(expanded(text, TASK)).isEqualTo(value);
  }

  @Test
  void theSlotOfAGlobalServicesTaskIsItsNode() {
    var global = TASK.toBuilder().setSlot(0).build();
    assertThat(expanded("{{.Task.Slot}} {{.Task.Name}}", global)).isEqualTo("n1 web.n1.t1");
  }

  @Test
  void theEnvironmentHostNameDirectoryAndCommandAreExpanded() {
    var spec =
        TaskSpec.newBuilder()
            .setContainerSpec(
                ContainerSpec.newBuilder()
                    .addCommand("/bin/{{.Service.Name}}")
                    .addEnv("SLOT={{.Task.Slot}}")
                    .setHostname("{{.Service.Name}}-{{.Task.Slot}}")
                    .setDir("/srv/{{.Node.Hostname}}")
                    .setUser("{{.Task.ID}}"))
            .build();
    var expanded =
        TaskTemplates.expanded(spec, SERVICE, World.aNode("n1"), TASK).getContainerSpec();
    assertThat(expanded.getCommandList()).containsExactly("/bin/web");
    assertThat(expanded.getEnvList()).containsExactly("SLOT=3");
    assertThat(expanded.getHostname()).isEqualTo("web-3");
    assertThat(expanded.getDir()).isEqualTo("/srv/n1");
    assertThat(expanded.getUser()).isEqualTo("{{.Task.ID}}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{{.Task.Slott}}; unknown placeholder '.Task.Slott'; 3",
        "ab{{ .Node.Labels.x }}; unknown placeholder '.Node.Labels.x'; 6",
        "{{.Task.Slot; is not closed; 1",
        "{{}}; unknown placeholder ''; 3",
        "{{.Service.Labels.}}; unknown placeholder; 3",
        "{{.Service.Labels.x | upper}}; unknown placeholder; 3",
        "{{.Task.ID}}{{env \"HOME\"}}; unknown placeholder 'env \"HOME\"'; 15",
      })
  void aWrongPlaceholderIsPointedAt(String text, String problem, int column) {
    var refusal = catchThrowableOfType(TemplateException.class, () -> Template.parse(text));
    assertThat(refusal).hasMessageContaining(problem);
    assertThat(refusal.column()).isEqualTo(column);
  }

  @Test
  void whatWouldBecomeTooLongIsRefused() throws Exception {
    var labels = Map.of("big", "x".repeat(4_096));
    var spec = ContainerSpec.newBuilder();
    for (var i = 0; i < TaskTemplates.EXPANDED_MAX / 4_096; i++) {
      spec.addArgs("{{.Service.Labels.big}}");
    }
    TaskTemplates.check(spec.build(), labels);
    assertThatThrownBy(() -> TaskTemplates.check(spec.addArgs("{{.Service.ID}}").build(), labels))
        .hasMessageContaining("longer than");
  }
}
