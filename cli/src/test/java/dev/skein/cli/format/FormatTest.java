package dev.skein.cli.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import java.io.StringReader;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FormatTest {
  private static final String VALUE =
      """
      {"ID":"x1","Name":"web","N":3,"Zero":0,"List":["a","b"],"Empty":[],
       "Map":{"k":"v"},"Ports":[{"P":80},{"P":81}],"Null":null}\
      """;

  private static String apply(String template) throws Json.SyntaxException {
    return Template.parse(template, false).apply(Json.parse(VALUE));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        "{{.ID}}/{{.Name}}~x1/web",
        "{{json .Map}}~{\"k\":\"v\"}",
        "{{.List}} {{.Map}}~[a b] map[k:v]",
        "{{if .Zero}}a{{else if .N}}b{{else}}c{{end}}~b",
        "{{if .Null}}a{{else}}c{{end}}~c",
        "{{range .Ports}}{{.P}};{{end}}~80;81;",
        "{{range $i, $p := .Ports}}{{$i}}={{$p.P}} {{end}}~'0=80 1=81 '",
        "{{range $k, $v := .Map}}{{$k}}:{{$v}}{{end}}~k:v",
        "{{range .Empty}}x{{else}}none{{end}}~none",
        "{{with .Map}}{{.k}}{{$.ID}}{{end}}~vx1",
        "{{len .List}} {{index .List 1}} {{index .Map \"k\"}}~2 b v",
        "{{upper .Name}} {{title .Name}} {{join .List \",\"}}~WEB Web a,b",
        "{{.Name | upper | printf \"%s-%s\" .ID}}~x1-WEB",
        "{{printf \"%03d|%-5s|\" .N .Name}}~003|web  |",
        "{{(index .Ports 0).P}}~80",
        "{{eq .Name \"web\"}} {{ne .N 3}} {{gt .N 2}} {{and .N .Zero}} {{not .Zero}}~true false"
            + " true 0 true",
        "{{/* comment */}}a {{- .ID -}} b~ax1b",
        "{{$x := .N}}{{$x}}{{.Missing}}{{.Missing.Deeper}}~3<no value><no value>",
        "{{split \"a/b\" \"/\"}} {{pad .ID 1 2}}|{{truncate .Name 2}} {{slice .Name 1 2}}~[a b]  x1"
            + "  |we e",
        "a}} {b~a}} {b",
      })
  void templatesGiveWhatGoWouldGive(String template, String expected) throws Exception {
    assertThat(apply(template)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        "{{.ID~{{ is not closed~5",
        "ab {{foo .ID}}~unknown function \"foo\"~5",
        "{{if .ID}}x~{{if}} has no {{end}}~2",
        "{{end}}~unexpected {{end}}~7",
        "{{.ID | .Name}}~only a function can follow |~8",
        "{{index .List 9}}~out of range~2",
        "{{.Name.More}}~can't take field \"More\" of web~7",
        "{{$x}}~undefined variable \"$x\"~2",
        "{{range .N}}{{end}}~can't range over 3~2",
        "{{\"abc}}~the string is not closed~2",
        "{{join .Name \",\"}}~can't join web~2",
        "{{(.ID}}~want )~6",
        "{{printf \"%d\" .Name}}~bad format~2",
      })
  void aWrongTemplateIsShownWithAMarkAtThePlace(String template, String problem, int column) {
    assertThatThrownBy(() -> apply(template))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining(problem)
        .hasMessageEndingWith("\n  " + template + "\n  " + " ".repeat(column) + "^");
  }

  @Test
  void nestingHasALimit() {
    assertThatThrownBy(() -> apply("{{if .ID}}".repeat(200)))
        .isInstanceOf(TemplateException.class)
        .hasMessageContaining("nested deeper than 100");
    assertThatThrownBy(() -> Json.parse("[".repeat(300)))
        .isInstanceOf(Json.SyntaxException.class)
        .hasMessageContaining("nested deeper than 200");
  }

  @Test
  void columnsAreAsWideAsDockers() {
    assertThat(Table.align(List.of("A\tLONG HEADER\tC", "abcdefghij\tx\t")))
        .isEqualTo("A            LONG HEADER   C\nabcdefghij   x             \n");
    assertThat(Table.align(List.of("a\tb"))).isEqualTo("a         b\n");
  }

  @ParameterizedTest
  @CsvSource({
    "0,Less than a second", "1,1 second", "59,59 seconds", "60,About a minute",
        "119,About a minute",
    "120,2 minutes", "3599,59 minutes", "3600,About an hour", "7200,2 hours", "172799,2 days",
    "172800,2 days", "1209600,2 weeks", "5184000,2 months", "63072000,2 years",
        "-5,Less than a second"
  })
  void durationsReadAsDockersDo(long seconds, String words) {
    assertThat(Human.duration(seconds)).isEqualTo(words);
  }

  @Test
  void timesBytesAndTextsAreShortened() {
    Instant now = Instant.parse("2026-01-01T00:10:00Z");
    assertThat(Human.ago(now.minusSeconds(300), now)).isEqualTo("5 minutes ago");
    assertThat(Human.instant("2026-01-01T01:10:00+01:00")).isEqualTo(now);
    assertThat(Human.instant("0001-01-01T00:00:00Z")).isNull();
    assertThat(Human.instant("soon")).isNull();
    assertThat(Human.bytes(0)).isEqualTo("0B");
    assertThat(Human.bytes(1536)).isEqualTo("1.5KiB");
    assertThat(Human.bytes(16_638_439_424L)).isEqualTo("15.5GiB");
    assertThat(Human.ellipsis("abcdef", 6)).isEqualTo("abcdef");
    assertThat(Human.ellipsis("abcdefg", 6)).isEqualTo("abcde…");
  }

  @Test
  void namesAreOrderedAsPeopleDo() {
    assertThat(
            List.of("web.10", "web.2", "web.02", "api", "web").stream()
                .sorted(NaturalOrder.INSTANCE))
        .containsExactly("api", "web", "web.02", "web.2", "web.10");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\":[1,2.5,-3e2,true,null,\"\\\"\\\\\\n"
            + "\\t\\u0001é€\"],\"b\":{},\"c\":[],\"d\":12345678901234567890}",
        "\"text\"",
        "17",
        "[]"
      })
  void jsonIsReadAndWrittenUnchanged(String json) throws Exception {
    JsonElement value = Json.parse(json);
    assertThat(Json.parse(Json.write(value))).isEqualTo(value);
    assertThat(Json.parse(Json.writeIndented(value))).isEqualTo(value);
    assertThat(value).isEqualTo(com.google.gson.JsonParser.parseString(json));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[1,]", "{} {}", "nope", "{\"a\"}", "[1"})
  void whatIsNotJsonIsRefused(String text) {
    assertThatThrownBy(() -> Json.parse(text)).isInstanceOf(Json.SyntaxException.class);
  }

  @Test
  void aSequenceEndsWhereItsSourceEnds() throws Exception {
    Json.Sequence sequence = new Json.Sequence(new StringReader("{\"a\":1}\n{\"a\":2}\n"));
    assertThat(Json.number(sequence.next(), "a", 0)).isEqualTo(1);
    assertThat(Json.number(sequence.next(), "a", 0)).isEqualTo(2);
    assertThat(sequence.next()).isNull();
  }
}
