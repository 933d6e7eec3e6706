package dev.skein.manager.control;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.MessageOrBuilder;
import dev.skein.proto.v1.Options;

/// The fields of specs that Docker's API lacks. A client of Docker's reads a spec, changes it and
/// sends back what it knows: what it does not know must not get lost by that.
final class BeyondDocker {

  private BeyondDocker() {}

  /// What was given, with what is beyond Docker's API as it was where nothing is said of it.
  @SuppressWarnings("unchecked") // A builder builds what it came from.
  static <M extends Message> M kept(M before, M given) {
    var kept = given.toBuilder();
    keep(before, kept);
    return (M) kept.build();
  }

  private static void keep(Message before, Message.Builder given) {
    for (var entry : before.getAllFields().entrySet()) {
      var field = entry.getKey();
      if (field.getOptions().getExtension(Options.beyondDocker)) {
        if (!isSet(field, given)) {
          given.setField(field, entry.getValue());
        }
      } else if (entry.getValue() instanceof Message inner) {
        var part = ((Message) given.getField(field)).toBuilder();
        keep(inner, part);
        var built = part.build();
        // Or the member of a oneof would take the place of the one that was given.
        if (!built.equals(given.getField(field))) {
          given.setField(field, built);
        }
      }
    }
  }

  private static boolean isSet(FieldDescriptor field, MessageOrBuilder message) {
    return field.hasPresence()
        ? message.hasField(field)
        : !message.getField(field).equals(field.getDefaultValue());
  }
}
