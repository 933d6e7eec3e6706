package dev.skein.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PersistentMapTest {
  private record Version(PersistentMap<Integer> map, TreeMap<String, Integer> expected) {}

  @ParameterizedTest
  @ValueSource(ints = {3, 60, 200, 5_000})
  void everyVersionStaysEqualToATreeMapUnderRandomEdits(int keys) {
    var random = new Random(keys);
    var expected = new TreeMap<String, Integer>();
    var map = PersistentMap.<Integer>empty();
    var versions = new ArrayList<Version>();
    for (var round = 0; round < 200; round++) {
      // Rounds of growth and of shrinking, so that nodes split and join at all sizes.
      var growing = (round / 20) % 2 == 0;
      var editor = map.edit();
      for (var i = random.nextInt(1 + keys / 4); i >= 0; i--) {
        var key = key(random.nextInt(keys));
        if (random.nextInt(10) < (growing ? 8 : 2)) {
          assertThat(editor.put(key, i)).isEqualTo(expected.put(key, i));
        } else {
          assertThat(editor.remove(key)).isEqualTo(expected.remove(key));
        }
        assertThat(editor.size()).isEqualTo(expected.size());
      }
      map = editor.toMap();
      assertSame(new Version(map, expected), random);
      if (round % 10 == 0) {
        versions.add(new Version(map, new TreeMap<>(expected)));
      }
    }
    versions.forEach(version -> assertSame(version, random));
  }

  @Test
  void anEditorLeavesWhatItReturnedAlone() {
    var editor = PersistentMap.<Integer>empty().edit();
    for (var i = 0; i < 1_000; i++) {
      editor.put(key(i), i);
    }
    var first = editor.toMap();
    for (var i = 0; i < 1_000; i += 2) {
      editor.put(key(i), -i);
      editor.remove(key(i + 1));
    }
    var second = editor.toMap();
    assertThat(first.size()).isEqualTo(1_000);
    assertThat(first.get(key(500))).isEqualTo(500);
    assertThat(first.get(key(501))).isEqualTo(501);
    assertThat(second.size()).isEqualTo(500);
    assertThat(second.get(key(500))).isEqualTo(-500);
    assertThat(second.get(key(501))).isNull();
  }

  @Test
  void keysInAnyOrderOfArrivalComeOutSorted() {
    var ascending = PersistentMap.<Integer>empty().edit();
    var descending = PersistentMap.<Integer>empty().edit();
    for (var i = 0; i < 20_000; i++) {
      ascending.put(key(i), i);
      descending.put(key(19_999 - i), 19_999 - i);
    }
    assertThat(List.copyOf(ascending.toMap().values())).isSorted().hasSize(20_000);
    assertThat(List.copyOf(descending.toMap().values())).isSorted().hasSize(20_000);
  }

  @Test
  void everythingCanBeRemovedFromEitherEnd() {
    for (var fromTheEnd : List.of(true, false)) {
      var editor = PersistentMap.<Integer>empty().edit();
      for (var i = 0; i < 10_000; i++) {
        editor.put(key(i), i);
      }
      for (var i = 0; i < 10_000; i++) {
        var victim = fromTheEnd ? 9_999 - i : i;
        assertThat(editor.remove(key(victim))).isEqualTo(victim);
      }
      assertThat(editor.toMap().isEmpty()).isTrue();
      assertThat(editor.toMap().values()).isEmpty();
    }
  }

  @Test
  void prefixesAndRangesAreCutExactly() {
    var editor = PersistentMap.<String>empty().edit();
    for (var key : List.of("a", "ab", "aba", "abb", "ac", "b", "ba", "")) {
      editor.put(key, key);
    }
    var map = editor.toMap();
    assertThat(map.valuesWithPrefix("ab")).containsExactly("ab", "aba", "abb");
    assertThat(map.valuesWithPrefix("zz")).isEmpty();
    assertThat(map.valuesWithPrefix("")).hasSize(8);
    assertThat(map.valuesBetween("ab", "ac")).containsExactly("ab", "aba", "abb");
    assertThat(map.valuesFrom("abc")).containsExactly("ac", "b", "ba");
  }

  @Test
  void aSingleChangeSharesTheRestOfTheMap() {
    var empty = PersistentMap.<Integer>empty();
    var one = empty.with("k", 1);
    assertThat(empty.size()).isZero();
    assertThat(one.with("k", 2).get("k")).isEqualTo(2);
    assertThat(one.get("k")).isEqualTo(1);
    assertThat(one.without("k").isEmpty()).isTrue();
    assertThat(one.without("absent")).isSameAs(one);
  }

  private static void assertSame(Version version, Random random) {
    var map = version.map();
    var expected = version.expected();
    assertThat(map.size()).isEqualTo(expected.size());
    assertThat(List.copyOf(map.keys())).isEqualTo(List.copyOf(expected.keySet()));
    assertThat(List.copyOf(map.values())).isEqualTo(List.copyOf(expected.values()));
    var from = key(random.nextInt(6_000));
    var to = key(random.nextInt(6_000));
    assertThat(List.copyOf(map.valuesFrom(from)))
        .isEqualTo(List.copyOf(expected.tailMap(from).values()));
    if (from.compareTo(to) <= 0) {
      assertThat(List.copyOf(map.valuesBetween(from, to)))
          .isEqualTo(List.copyOf(expected.subMap(from, to).values()));
    }
    assertThat(map.get(from)).isEqualTo(expected.get(from));
    assertThat(map.containsKey(to)).isEqualTo(expected.containsKey(to));
  }

  private static String key(int i) {
    return "%06d".formatted(i);
  }
}
