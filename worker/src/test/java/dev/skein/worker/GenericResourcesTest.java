package dev.skein.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skein.proto.v1.GenericResource;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class GenericResourcesTest {

  @Test
  void aNumberIsACountAndAnythingElseAName() {
    var resources = GenericResources.parse(List.of("ssd=3", "gpu=uuid-1", "gpu=uuid-2"));
    assertThat(resources.getFirst().getDiscreteResourceSpec().getValue()).isEqualTo(3);
    assertThat(resources.subList(1, 3))
        .extracting(GenericResource::getNamedResourceSpec)
        .allMatch(named -> named.getKind().equals("gpu"))
        .extracting(named -> named.getValue())
        .containsExactly("uuid-1", "uuid-2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpu", "gpu=", "=1", "a b=1", "-x=1"})
  void whatIsNoPairIsRefused(String text) {
    assertThatThrownBy(() -> GenericResources.parse(List.of(text)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + text + "\"");
  }

  @Test
  void aKindIsEitherCountedOrNamed() {
    for (var texts : List.of(List.of("a=1", "a=x"), List.of("a=x", "a=1"), List.of("a=1", "a=2"))) {
      assertThatThrownBy(() -> GenericResources.parse(texts)).hasMessageContaining("given before");
    }
    assertThatThrownBy(() -> GenericResources.parse(List.of("a=x", "a=x")))
        .hasMessageContaining("given twice");
  }

  @Test
  void thereIsALimit() {
    var most = IntStream.range(0, GenericResources.COUNT_MAX).mapToObj(i -> "gpu=n" + i).toList();
    assertThat(GenericResources.parse(most)).hasSize(GenericResources.COUNT_MAX);
    var more = new java.util.ArrayList<>(most);
    more.add("ssd=1");
    assertThatThrownBy(() -> GenericResources.parse(more)).hasMessageContaining("limit");
  }
}
