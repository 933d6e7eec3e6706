package dev.skein.api.json;

import static dev.skein.api.ApiException.badRequest;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import dev.skein.api.ApiException;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.Base64;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The reading half of {@link ProtoJson}: strict, and with the path of what it refuses.
final class ProtoJsonReader {
  /// No integer of 64 bits has more digits; without the bound a long one would cost its square.
  private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,20}");

  private static final BigInteger NANOS_PER_SECOND = BigInteger.valueOf(1_000_000_000);
  private static final int MAX_SHOWN_CHARS = 64;

  private ProtoJsonReader() {}

  static void read(JsonObject json, Message.Builder builder, String path) {
    var shape = MessageShape.of(builder.getDescriptorForType());
    for (var entry : json.entrySet()) {
      var value = entry.getValue();
      var field = shape.byName().get(entry.getKey().toLowerCase(Locale.ROOT));
      var fieldPath = path.isEmpty() ? entry.getKey() : path + "." + entry.getKey();
      if (field == null) {
        refuseUnlessEmpty(builder, entry.getKey(), value, fieldPath);
      } else if (!value.isJsonNull()) {
        readField(field.descriptor(), value, builder, fieldPath);
      }
    }
  }

  private static void refuseUnlessEmpty(
      Message.Builder builder, String name, JsonElement value, String path) {
    var message = builder.getDescriptorForType().getFullName();
    if (saysNothing(value) || DockerFields.isDefault(message, name, value)) {
      return;
    }
    throw badRequest(
        DockerFields.isKnown(message, name)
            ? path + " is not supported yet: leave it out (got " + shown(value) + ")"
            : "unknown field " + path + ": leave it out or check its spelling");
  }

  private static boolean saysNothing(JsonElement value) {
    return switch (value) {
      case JsonPrimitive primitive when primitive.isBoolean() -> !primitive.getAsBoolean();
      case JsonPrimitive primitive when primitive.isString() -> primitive.getAsString().isEmpty();
      case JsonPrimitive primitive -> isZero(primitive.getAsString());
      case JsonArray array -> array.asList().stream().allMatch(ProtoJsonReader::saysNothing);
      case JsonObject object ->
          object.asMap().values().stream().allMatch(ProtoJsonReader::saysNothing);
      default -> value.isJsonNull();
    };
  }

  private static boolean isZero(String number) {
    // Not parsed: "1e999999999" must cost nothing.
    return number.chars().allMatch(c -> c == '0' || c == '.' || c == '-');
  }

  private static void readField(
      FieldDescriptor field, JsonElement value, Message.Builder builder, String path) {
    if (field.isMapField()) {
      readMap(field, object(value, path), builder, path);
    } else if (field.isRepeated()) {
      if (!(value instanceof JsonArray array)) {
        throw expected("a list", value, path);
      }
      var index = 0;
      for (var element : array) {
        var elementPath = path + "[" + index++ + "]";
        var read = readValue(field, element, builder, elementPath);
        if (read == null) {
          throw expected("a value", element, elementPath);
        }
        builder.addRepeatedField(field, read);
      }
    } else {
      var read = readValue(field, value, builder, path);
      if (read != null) {
        builder.setField(field, read);
      }
    }
  }

  private static void readMap(
      FieldDescriptor field, JsonObject json, Message.Builder builder, String path) {
    var keyField = field.getMessageType().findFieldByName("key");
    var valueField = field.getMessageType().findFieldByName("value");
    for (var entry : json.entrySet()) {
      var entryPath = path + "[" + shortened(entry.getKey()) + "]";
      builder.addRepeatedField(
          field,
          builder
              .newBuilderForField(field)
              .setField(keyField, entry.getKey())
              .setField(valueField, string(entry.getValue(), entryPath))
              .build());
    }
  }

  private static @Nullable Object readValue(
      FieldDescriptor field, JsonElement value, Message.Builder builder, String path) {
    return switch (field.getType()) {
      case STRING -> string(value, path);
      case BOOL -> bool(value, path);
      case DOUBLE -> number(value, path);
      case INT32, SINT32, SFIXED32 -> (int) integer(value, path, 31, true);
      case UINT32, FIXED32 -> (int) integer(value, path, 32, false);
      case INT64, SINT64, SFIXED64 -> integer(value, path, 63, true);
      case UINT64, FIXED64 -> integer(value, path, 64, false);
      case BYTES -> bytes(value, path);
      case ENUM -> constant(field, value, path);
      case MESSAGE -> readMessage(field, value, builder, path);
      case FLOAT, GROUP -> throw new AssertionError("no JSON for " + field.getFullName());
    };
  }

  private static Object readMessage(
      FieldDescriptor field, JsonElement value, Message.Builder builder, String path) {
    var type = field.getMessageType();
    if (type.equals(Timestamp.getDescriptor())) {
      return timestamp(value, path);
    }
    if (type.equals(Duration.getDescriptor())) {
      return duration(value, path);
    }
    var nested = builder.newBuilderForField(field);
    read(object(value, path), nested, path);
    return nested.build();
  }

  private static JsonObject object(JsonElement value, String path) {
    if (value instanceof JsonObject object) {
      return object;
    }
    throw expected("an object", value, path);
  }

  private static String string(JsonElement value, String path) {
    if (value instanceof JsonPrimitive primitive && primitive.isString()) {
      return primitive.getAsString();
    }
    throw expected("a string", value, path);
  }

  private static boolean bool(JsonElement value, String path) {
    if (value instanceof JsonPrimitive primitive && primitive.isBoolean()) {
      return primitive.getAsBoolean();
    }
    throw expected("true or false", value, path);
  }

  private static double number(JsonElement value, String path) {
    if (value instanceof JsonPrimitive primitive && primitive.isNumber()) {
      var number = primitive.getAsDouble();
      if (Double.isFinite(number)) {
        return number;
      }
    }
    throw expected("a number", value, path);
  }

  private static long integer(JsonElement value, String path, int bits, boolean signed) {
    var number = bigInteger(value, path);
    if (number.bitLength() > bits || (!signed && number.signum() < 0)) {
      throw badRequest(path + ": " + number + " is out of range, expected " + range(bits, signed));
    }
    return number.longValue();
  }

  private static String range(int bits, boolean signed) {
    var power = BigInteger.TWO.pow(bits);
    return (signed ? power.negate() : BigInteger.ZERO) + " to " + power.subtract(BigInteger.ONE);
  }

  private static BigInteger bigInteger(JsonElement value, String path) {
    if (value instanceof JsonPrimitive primitive
        && primitive.isNumber()
        && INTEGER.matcher(primitive.getAsString()).matches()) {
      return new BigInteger(primitive.getAsString());
    }
    throw expected("an integer", value, path);
  }

  private static ByteString bytes(JsonElement value, String path) {
    try {
      return ByteString.copyFrom(Base64.getDecoder().decode(string(value, path)));
    } catch (IllegalArgumentException e) {
      throw expected("base64", value, path);
    }
  }

  private static @Nullable Object constant(FieldDescriptor field, JsonElement value, String path) {
    var text = string(value, path);
    if (text.isEmpty()) {
      return null;
    }
    var values = MessageShape.of(field.getEnumType()).values();
    var constant = values.get(text.toLowerCase(Locale.ROOT));
    if (constant == null) {
      throw badRequest(
          path
              + ": invalid value "
              + shown(value)
              + ", expected "
              + String.join(", ", values.keySet()));
    }
    return constant;
  }

  private static Timestamp timestamp(JsonElement value, String path) {
    try {
      var instant = OffsetDateTime.parse(string(value, path)).toInstant();
      return Timestamp.newBuilder()
          .setSeconds(instant.getEpochSecond())
          .setNanos(instant.getNano())
          .build();
    } catch (DateTimeException e) {
      throw expected("a time as in 2006-01-02T15:04:05Z", value, path);
    }
  }

  private static Duration duration(JsonElement value, String path) {
    var nanos =
        BigInteger.valueOf(integer(value, path, 63, true)).divideAndRemainder(NANOS_PER_SECOND);
    return Duration.newBuilder()
        .setSeconds(nanos[0].longValue())
        .setNanos(nanos[1].intValue())
        .build();
  }

  private static ApiException expected(String what, JsonElement value, String path) {
    return badRequest(path + ": expected " + what + ", got " + shown(value));
  }

  private static String shown(JsonElement value) {
    return switch (value) {
      case JsonArray array -> "a list of " + array.size();
      case JsonObject object -> "an object of " + object.size() + " fields";
      default -> shortened(value.toString());
    };
  }

  private static String shortened(String text) {
    return text.length() <= MAX_SHOWN_CHARS ? text : text.substring(0, MAX_SHOWN_CHARS) + "…";
  }
}
