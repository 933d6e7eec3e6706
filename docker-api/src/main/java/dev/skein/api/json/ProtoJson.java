package dev.skein.api.json;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.MapEntry;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import java.math.BigInteger;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The one codec between messages and the API's JSON, driven by the messages' descriptors; the
/// rules are at the head of `options.proto`. Stateless; any thread.
public final class ProtoJson {
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private ProtoJson() {}

  /// A message as JSON. Unset and internal fields are absent.
  public static JsonObject toJson(Message message) {
    var json = new JsonObject();
    for (var field : MessageShape.of(message.getDescriptorForType()).fields()) {
      var value = fieldToJson(message, field);
      if (value != null) {
        json.add(field.name(), value);
      }
    }
    return json;
  }

  /// A message from JSON. Names match whatever their case, as in Go's decoder. A field that the
  /// message doesn't have is accepted while its value says nothing (null, false, 0, "", or lists
  /// and objects of such), because Docker's clients send many of them.
  ///
  /// @throws ApiException 400 that names the field by its path, for an unknown field with a
  ///     value, a wrong type or a value out of range
  @SuppressWarnings("unchecked") // A message's builder builds that message.
  public static <M extends Message> M fromJson(JsonObject json, M prototype) {
    var builder = prototype.newBuilderForType();
    ProtoJsonReader.read(json, builder, "");
    return (M) builder.build();
  }

  private static @Nullable JsonElement fieldToJson(Message message, MessageShape.Field field) {
    var descriptor = field.descriptor();
    if (descriptor.isMapField()) {
      return mapToJson((List<?>) message.getField(descriptor), field.always());
    }
    if (descriptor.isRepeated()) {
      var values = (List<?>) message.getField(descriptor);
      if (values.isEmpty() && !field.always()) {
        return null;
      }
      var array = new JsonArray(values.size());
      for (var value : values) {
        array.add(valueToJson(descriptor, value));
      }
      return array;
    }
    if (descriptor.hasPresence()) {
      return message.hasField(descriptor)
          ? valueToJson(descriptor, message.getField(descriptor))
          : null;
    }
    // An enum's zero may be a state like any other (NEW, UNKNOWN); only UNSPECIFIED has no text.
    var isEnum = descriptor.getJavaType() == FieldDescriptor.JavaType.ENUM;
    if (!isEnum && !field.always() && !message.hasField(descriptor)) {
      return null;
    }
    return valueToJson(descriptor, message.getField(descriptor));
  }

  private static @Nullable JsonElement mapToJson(List<?> entries, boolean always) {
    if (entries.isEmpty() && !always) {
      return null;
    }
    var json = new JsonObject();
    entries.stream()
        .map(entry -> (MapEntry<?, ?>) entry)
        .map(entry -> Map.entry((String) entry.getKey(), (String) entry.getValue()))
        .sorted(Map.Entry.comparingByKey())
        .forEach(entry -> json.addProperty(entry.getKey(), entry.getValue()));
    return json;
  }

  private static @Nullable JsonElement valueToJson(FieldDescriptor field, Object value) {
    return switch (value) {
      case String text -> new JsonPrimitive(text);
      case Boolean bool -> new JsonPrimitive(bool);
      case Integer number -> new JsonPrimitive(isUnsigned(field) ? number & 0xffff_ffffL : number);
      case Long number -> new JsonPrimitive(isUnsigned(field) ? unsigned(number) : number);
      case Double number -> new JsonPrimitive(number);
      case Float number -> new JsonPrimitive(number);
      case ByteString bytes ->
          new JsonPrimitive(Base64.getEncoder().encodeToString(bytes.toByteArray()));
      case EnumValueDescriptor constant -> {
        var text = MessageShape.of(constant.getType()).text(constant);
        yield text == null ? null : new JsonPrimitive(text);
      }
      case Timestamp time -> new JsonPrimitive(rfc3339(time));
      case Duration duration ->
          new JsonPrimitive(duration.getSeconds() * NANOS_PER_SECOND + duration.getNanos());
      case Message message -> toJson(message);
      default -> throw new AssertionError("no JSON for " + value.getClass());
    };
  }

  /// RFC 3339 in UTC with as many digits as the time has.
  public static String rfc3339(Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos()).toString();
  }

  private static boolean isUnsigned(FieldDescriptor field) {
    return switch (field.getType()) {
      case UINT32, UINT64, FIXED32, FIXED64 -> true;
      default -> false;
    };
  }

  private static Number unsigned(long number) {
    return number >= 0 ? number : new BigInteger(Long.toUnsignedString(number));
  }
}
