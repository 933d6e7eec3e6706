package dev.skein.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ArgumentParserTest {

  @Test
  void eachWordIsOneArgumentWhereverTheOptionsStand() {
    var parser = new ArgumentParser(List.of(Flag.bool("force", 'f', "Force")), true);
    assertThat(parser.parse(List.of()).positional()).isEmpty();
    assertThat(parser.parse(List.of("a", "b")).positional()).containsExactly("a", "b");
    assertThat(parser.parse(List.of("a", "--force", "b", "--", "-c")).positional())
        .containsExactly("a", "b", "-c");
  }
}
