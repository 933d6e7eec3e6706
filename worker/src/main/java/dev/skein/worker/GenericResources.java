package dev.skein.worker;

import dev.skein.proto.v1.DiscreteGenericResource;
import dev.skein.proto.v1.GenericResource;
import dev.skein.proto.v1.NamedGenericResource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;

/// What a node has besides CPU and memory, as its daemon was told: a number of a kind (`ssd=3`), or
/// some that are told apart by name (`gpu=uuid-1`, once for each).
public final class GenericResources {

  /// How many a node may have.
  public static final int COUNT_MAX = 1_024;

  private static final Pattern KIND = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_-]{0,63}");
  private static final Pattern COUNT = Pattern.compile("[0-9]{1,18}");

  private GenericResources() {}

  /// Reads them.
  ///
  /// @throws IllegalArgumentException naming the one that is wrong and what to do
  public static List<GenericResource> parse(List<String> texts) {
    if (texts.size() > COUNT_MAX) {
      throw new IllegalArgumentException(
          "%d resources exceed the limit of %d".formatted(texts.size(), COUNT_MAX));
    }
    var resources = new ArrayList<GenericResource>(texts.size());
    var discrete = new HashMap<String, Boolean>();
    var seen = new HashSet<String>();
    for (var text : texts) {
      var equals = text.indexOf('=');
      var kind = equals < 0 ? text : text.substring(0, equals);
      var value = equals < 0 ? "" : text.substring(equals + 1);
      if (!KIND.matcher(kind).matches() || value.isBlank()) {
        throw new IllegalArgumentException(
            "\"%s\": give KIND=COUNT or KIND=NAME, such as ssd=3 or gpu=uuid-1".formatted(text));
      }
      var isCount = COUNT.matcher(value).matches();
      var before = discrete.putIfAbsent(kind, isCount);
      if (before != null && (before || isCount)) {
        throw new IllegalArgumentException(
            "\"%s\": %s was given before: give one number, or a name for each"
                .formatted(text, kind));
      }
      if (!seen.add(text)) {
        throw new IllegalArgumentException("\"%s\" was given twice".formatted(text));
      }
      resources.add(isCount ? discrete(kind, Long.parseLong(value)) : named(kind, value));
    }
    return List.copyOf(resources);
  }

  private static GenericResource discrete(String kind, long count) {
    return GenericResource.newBuilder()
        .setDiscreteResourceSpec(DiscreteGenericResource.newBuilder().setKind(kind).setValue(count))
        .build();
  }

  private static GenericResource named(String kind, String name) {
    return GenericResource.newBuilder()
        .setNamedResourceSpec(NamedGenericResource.newBuilder().setKind(kind).setValue(name))
        .build();
  }
}
