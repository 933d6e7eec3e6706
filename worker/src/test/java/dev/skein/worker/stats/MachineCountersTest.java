package dev.skein.worker.stats;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/// The kernel's tables as text. What is expected is said in the kernel's own units.
final class MachineCountersTest {
  private static final long TICK_NANOS = 10_000_000;
  private static final long SECTOR = 512;
  private static final long KIB = 1024;

  private static MachineCounters of(String table, String... lines) {
    return MachineCounters.of(name -> name.equals(table) ? List.of(lines) : List.of());
  }

  @Test
  void cpuTimeIsWhatWasUsedByAllProcessorsTogether() {
    // user nice system idle iowait irq softirq steal guest guest_nice
    var counters =
        of(
            "stat",
            "cpu  1000 200 300 40000 5000 60 7 80000 900000 0",
            "cpu0 1000 200 300 40000 5000 60 7 80000 900000 0",
            "intr 12345");
    assertThat(counters.cpuNanos()).isEqualTo((1000 + 200 + 300 + 60 + 7) * TICK_NANOS);
  }

  @Test
  void memoryIsWhatIsNotAvailable() {
    var counters =
        of(
            "meminfo",
            "MemTotal:        1000 kB",
            "MemFree:          100 kB",
            "MemAvailable:     400 kB",
            "Cached:           300 kB");
    assertThat(counters.memoryBytes()).isEqualTo(600 * KIB);
  }

  @Test
  void wholeDisksAreCountedOnce() {
    var counters =
        of(
            "diskstats",
            " 259       0 nvme0n1 9 9 100 9 9 9 10 9 0 0 0",
            " 259       1 nvme0n1p1 9 9 90 9 9 9 9 9 0 0 0",
            "   8       0 sda 9 9 200 9 9 9 20 9 0 0 0",
            "   8       1 sda1 9 9 150 9 9 9 15 9 0 0 0",
            " 253       0 dm-0 9 9 300 9 9 9 30 9 0 0 0",
            "   9       0 md0 9 9 300 9 9 9 30 9 0 0 0",
            "   7       3 loop3 9 9 400 9 9 9 40 9 0 0 0",
            "   1       0 short");
    assertThat(counters.readBytes()).isEqualTo(300 * SECTOR);
    assertThat(counters.writtenBytes()).isEqualTo(30 * SECTOR);
  }

  @Test
  void theLoopbackInterfaceIsNoTraffic() {
    var counters =
        of(
            "net/dev",
            "Inter-|   Receive                            |  Transmit",
            " face |bytes packets errs drop fifo frame compressed multicast|bytes packets",
            "    lo: 999 9 9 9 9 9 9 9 999 9 9 9 9 9 9 9",
            "  eth0: 1000 9 9 9 9 9 9 9 10 9 9 9 9 9 9 9",
            "enp3s0:2000 9 9 9 9 9 9 9 20 9 9 9 9 9 9 9");
    assertThat(counters.receivedBytes()).isEqualTo(3000);
    assertThat(counters.sentBytes()).isEqualTo(30);
  }

  @Test
  void whatTheKernelDoesNotHaveIsNothing() {
    assertThat(MachineCounters.of(name -> List.of()))
        .isEqualTo(new MachineCounters(0, 0, 0, 0, 0, 0));
    // A kernel of a container may know the one and not the other.
    assertThat(of("meminfo", "MemAvailable:   400 kB").memoryBytes()).isZero();
  }

  @Test
  void thisMachineHasUsedCpuAndMemory() {
    var counters = MachineCounters.read();
    assertThat(counters.cpuNanos()).isPositive();
    assertThat(counters.memoryBytes()).isPositive();
    assertThat(MachineCounters.read().cpuNanos()).isGreaterThanOrEqualTo(counters.cpuNanos());
  }
}
