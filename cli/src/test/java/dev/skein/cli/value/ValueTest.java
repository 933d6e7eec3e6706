package dev.skein.cli.value;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValueTest {
  @ParameterizedTest
  @CsvSource({
    "1m30s,90000000000,1m30s", "500ms,500000000,500ms", "1.5h,5400000000000,1h30m0s", "0,0,0s",
    "2160h,7776000000000000,2160h0m0s", "10us,10000,10µs", "7ns,7,7ns", "1m0.5s,60500000000,1m0.5s"
  })
  void durationsAreGos(String text, long nanos, String canonical) {
    assertThat(GoDuration.parse(text)).isEqualTo(nanos);
    assertThat(GoDuration.format(nanos)).isEqualTo(canonical);
    assertThat(GoDuration.parse(canonical)).isEqualTo(nanos);
  }

  @ParameterizedTest
  @CsvSource({
    "5,missing unit",
    "5x,unknown unit \"x\"",
    "-1s,must not be negative",
    "s,invalid duration",
    "'',invalid duration",
    "1.2.3s,invalid duration",
    "9999999999h,longer than 292 years"
  })
  void aBadDurationIsNamed(String text, String problem) {
    assertThatThrownBy(() -> GoDuration.parse(text))
        .hasMessageContaining(problem)
        .hasMessageContaining("\"" + text + "\"");
  }

  @ParameterizedTest
  @CsvSource({
    "512m,536870912",
    "1.5GiB,1610612736",
    "4096,4096",
    "1kb,1024",
    "2T,2199023255552",
    "7b,7"
  })
  void memoryHasBinaryUnits(String text, long bytes) {
    assertThat(Quantity.bytes(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "m", "1x", "-1m", "1.2.3m", "99999999999999p"})
  void badMemoryIsNamed(String text) {
    assertThatThrownBy(() -> Quantity.bytes(text)).hasMessageContaining("'" + text + "'");
  }

  @Test
  void cpusAreBillionths() {
    assertThat(Quantity.nanoCpus("0.5")).isEqualTo(500_000_000);
    assertThat(Quantity.cpus(1_500_000_000)).isEqualTo("1.5");
    assertThatThrownBy(() -> Quantity.nanoCpus("-1")).hasMessageContaining("\"-1\"");
    assertThatThrownBy(() -> Quantity.nanoCpus("0.0000000001"))
        .hasMessageContaining("0.0000000001");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "80|[0>80/tcp ingress]",
        "8080:80|[8080>80/tcp ingress]",
        "53:53/udp|[53>53/udp ingress]",
        "8000-8001:80-81|[8000>80/tcp ingress, 8001>81/tcp ingress]",
        "published=8080,target=80,protocol=udp,mode=host|[8080>80/udp host]",
        "target=80|[0>80/tcp ingress]",
      })
  void portsHaveAShortAndALongForm(String text, String expected) {
    assertThat(
            PublishedPort.parse(text).stream()
                .map(p -> p.published() + ">" + p.target() + "/" + p.protocol() + " " + p.mode())
                .toList())
        .hasToString(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "99999:80|invalid published port: \"99999\"",
        "x|invalid target port: \"x\"",
        "80/icmp|invalid protocol value 'icmp'",
        "127.0.0.1:80:80|host IP is not supported",
        "80-90:1-2|the same length",
        "1-65535|at most 1024",
        "published=80|missing mandatory field \"target\"",
        "target=80,mode=all|invalid publish mode value 'all'",
        "target=80,to=1|invalid field key to",
        "0|invalid target port: \"0\"",
      })
  void aBadPortIsNamed(String text, String problem) {
    assertThatThrownBy(() -> PublishedPort.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(problem);
  }

  @Test
  void commandsAreSplitAsAShellDoes() {
    assertThat(CommandWords.split("a 'b c' \"d \\\" \\x e\" f\\ g  ''"))
        .isEqualTo(List.of("a", "b c", "d \" \\x e", "f g", ""));
    assertThatThrownBy(() -> CommandWords.split("a 'b")).hasMessageContaining("a 'b");
  }

  @Test
  void environmentFilesNameTheirBadLine(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("e"), "A=1\nB C=2\n");
    assertThatThrownBy(() -> KeyValue.environmentFile(file, Map.of()))
        .hasMessageContaining(file + ":2")
        .hasMessageContaining("\"B C\"");
    Files.writeString(file, "A=1=2\n# c\nB\nC\n");
    assertThat(KeyValue.environmentFile(file, Map.of("B", "x"))).containsExactly("A=1=2", "B=x");
    Files.write(file, new byte[KeyValue.ENV_FILE_BYTES_MAX + 1]);
    assertThatThrownBy(() -> KeyValue.environmentFile(file, Map.of()))
        .hasMessageContaining("longer than");
  }

  @ParameterizedTest
  @CsvSource({
    "10m,1767225000.000000000",
    "1700000000,1700000000",
    "2026-01-01T00:00:00Z,1767225600.000000000",
    "2026-01-01T00:00:00,1767225600.000000000",
    "2026-01-01,1767225600.000000000"
  })
  void timesAreSentAsUnixSeconds(String text, String expected) {
    Instant now = Instant.parse("2026-01-01T00:00:00Z");
    assertThat(Timestamp.parse(text, now, ZoneOffset.UTC)).isEqualTo(expected);
    assertThatThrownBy(() -> Timestamp.parse("soon", now, ZoneOffset.UTC))
        .hasMessageContaining("\"soon\"");
  }
}
