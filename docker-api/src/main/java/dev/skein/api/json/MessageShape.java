package dev.skein.api.json;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.skein.proto.v1.Options;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// How one message type looks as JSON, computed once from its descriptor by the rules at the head
/// of `options.proto`.
///
/// @param byName by lower-case JSON name, because Go's decoder ignores case
record MessageShape(List<Field> fields, Map<String, Field> byName) {
  private static final Map<Descriptor, MessageShape> SHAPES = new ConcurrentHashMap<>();
  private static final Map<EnumDescriptor, EnumShape> ENUMS = new ConcurrentHashMap<>();

  /// Fields that Docker writes even when they are zero or empty, and that its clients index without
  /// asking.
  private static final Set<String> ALWAYS =
      Set.of(
          "skein.v1.ClusterSpec.labels",
          "skein.v1.ContainerStatus.container_id",
          "skein.v1.ContainerStatus.exit_code",
          "skein.v1.ContainerStatus.pid",
          "skein.v1.EncryptionConfig.auto_lock_managers",
          "skein.v1.ExplainServiceResponse.as_desired",
          "skein.v1.LocalNodeInfo.control_available",
          "skein.v1.LocalNodeInfo.error",
          "skein.v1.LocalNodeInfo.node_addr",
          "skein.v1.LocalNodeInfo.node_id",
          "skein.v1.NodeSpec.labels",
          "skein.v1.ServiceSpec.labels",
          "skein.v1.ServiceStatus.completed_tasks",
          "skein.v1.ServiceStatus.desired_tasks",
          "skein.v1.ServiceStatus.running_tasks",
          "skein.v1.TaskSpec.force_update",
          "skein.v1.UpdateConfig.max_failure_ratio",
          "skein.v1.Version.index");

  /// One field.
  ///
  /// @param always written even when it has its default value
  record Field(FieldDescriptor descriptor, String name, boolean always) {}

  /// An enum's texts; null for the unspecified value.
  record EnumShape(
      Map<EnumValueDescriptor, String> texts, Map<String, EnumValueDescriptor> values) {
    @Nullable String text(EnumValueDescriptor value) {
      // A value of a newer version has no descriptor here and so no text.
      return texts.get(value);
    }
  }

  static MessageShape of(Descriptor descriptor) {
    return SHAPES.computeIfAbsent(descriptor, MessageShape::compute);
  }

  static EnumShape of(EnumDescriptor descriptor) {
    return ENUMS.computeIfAbsent(descriptor, MessageShape::compute);
  }

  private static MessageShape compute(Descriptor descriptor) {
    var fields = new ArrayList<Field>();
    var byName = new LinkedHashMap<String, Field>();
    for (var field : descriptor.getFields()) {
      if (field.getOptions().getExtension(Options.internal)) {
        continue;
      }
      var camel = field.getJsonName();
      var name = Character.toUpperCase(camel.charAt(0)) + camel.substring(1);
      var shape = new Field(field, name, ALWAYS.contains(field.getFullName()));
      fields.add(shape);
      byName.put(name.toLowerCase(Locale.ROOT), shape);
    }
    return new MessageShape(List.copyOf(fields), Map.copyOf(byName));
  }

  private static EnumShape compute(EnumDescriptor descriptor) {
    var prefix = upperSnake(descriptor.getName()) + "_";
    var texts = new LinkedHashMap<EnumValueDescriptor, String>();
    var values = new LinkedHashMap<String, EnumValueDescriptor>();
    for (var value : descriptor.getValues()) {
      if (value.getName().equals(prefix + "UNSPECIFIED")) {
        continue;
      }
      var explicit = value.getOptions().getExtension(Options.jsonValue);
      var text =
          explicit.isEmpty()
              ? value
                  .getName()
                  .substring(prefix.length())
                  .toLowerCase(Locale.ROOT)
                  .replace('_', '-')
              : explicit;
      texts.put(value, text);
      values.put(text, value);
    }
    return new EnumShape(Map.copyOf(texts), values);
  }

  private static String upperSnake(String camel) {
    var snake = new StringBuilder();
    for (var i = 0; i < camel.length(); i++) {
      if (i > 0 && Character.isUpperCase(camel.charAt(i))) {
        snake.append('_');
      }
      snake.append(Character.toUpperCase(camel.charAt(i)));
    }
    return snake.toString();
  }
}
