package dev.skein.chaos.sabotage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

final class RewriterTest {
  /// What is rewritten: with a branch after the calls, so that its frames have to fit.
  public static final class Caller implements Supplier<String> {
    @Override
    public String get() {
      var text = "Right".concat("!").toLowerCase(Locale.ROOT);
      if (text.length() > 3) {
        text = text + String.valueOf(7);
      }
      return text;
    }
  }

  /// Where its calls go.
  public static final class Elsewhere {
    private Elsewhere() {}

    public static String concat(String one, String other) {
      return one + other + " wrong";
    }

    public static String valueOf(int number) {
      return "<" + number + ">";
    }

    public static String narrow(Integer one, String other) {
      return one + other;
    }
  }

  private static final class Loader extends ClassLoader {
    Loader() {
      super(RewriterTest.class.getClassLoader());
    }

    Class<?> define(byte[] bytes) {
      return defineClass(Caller.class.getName(), bytes, 0, bytes.length);
    }
  }

  private static Redirection from(Class<?> owner, String method, String to) {
    return new Redirection(Caller.class.getName(), owner.getName(), method, to);
  }

  private static byte[] rewritten(Redirection... redirections) throws IOException {
    var loader = RewriterTest.class.getClassLoader();
    return new Rewriter(SabotageAgent.bytes(Elsewhere.class.getName(), loader), loader)
        .rewrite(SabotageAgent.bytes(Caller.class.getName(), loader), List.of(redirections));
  }

  private static Object answer(byte[] caller) throws ReflectiveOperationException {
    var type = new Loader().define(caller);
    return ((Supplier<?>) type.getConstructor().newInstance()).get();
  }

  @Test
  void callsGoElsewhereAndNothingElseChanges() throws Exception {
    assertThat(answer(rewritten())).isEqualTo("right!7");
    assertThat(answer(rewritten(from(String.class, "concat", "concat"))))
        .isEqualTo("right! wrong7");
    assertThat(
            answer(
                rewritten(
                    from(String.class, "concat", "concat"),
                    from(String.class, "valueOf", "valueOf"))))
        .isEqualTo("right! wrong<7>");
  }

  @Test
  void aCallThatIsNotThereIsAnError() {
    assertThatThrownBy(() -> rewritten(from(String.class, "repeat", "concat")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("RewriterTest$Caller has no call of java.lang.String.repeat");
    assertThatThrownBy(() -> rewritten(from(StringBuilder.class, "concat", "concat")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("java.lang.StringBuilder.concat");
  }

  @Test
  void aMethodThatDoesNotFitIsAnError() {
    assertThatThrownBy(() -> rewritten(from(String.class, "concat", "narrow")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("can't go to narrow")
        .hasMessageContaining("(Ljava/lang/String;Ljava/lang/String;)Ljava/lang/String;");
  }
}
