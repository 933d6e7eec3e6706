package dev.skein.state.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StorageWatchTest {
  private final StorageWatch watch = new StorageWatch(100);

  @Test
  void aDiskThatStoresDoesNotHang() {
    for (var i = 0; i < 50; i++) {
      assertThat(watch.hangs(i, i + 10, i * 99L)).isFalse();
    }
  }

  @Test
  void aDiskWithNothingToStoreDoesNotHang() {
    assertThat(watch.hangs(7, 7, 0)).isFalse();
    assertThat(watch.hangs(7, 7, 1_000)).isFalse();
    // The wait begins with the first entry, not with the last store.
    assertThat(watch.hangs(7, 8, 1_050)).isFalse();
    assertThat(watch.hangs(7, 8, 1_099)).isFalse();
  }

  @Test
  void aDiskThatStoresNothingHangsAndIsToldOnceInAWhile() {
    assertThat(watch.hangs(7, 8, 0)).isFalse();
    assertThat(watch.hangs(7, 9, 99)).isFalse();
    assertThat(watch.hangs(7, 9, 100)).isTrue();
    assertThat(watch.hangs(7, 9, 150)).isFalse();
    assertThat(watch.hangs(7, 9, 200)).isTrue();
    assertThat(watch.hangs(8, 9, 250)).isFalse();
    assertThat(watch.hangs(9, 9, 400)).isFalse();
  }
}
