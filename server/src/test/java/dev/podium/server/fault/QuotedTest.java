package dev.podium.server.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class QuotedTest {
  @Test
  void shortTextIsShownAsItIs() {
    assertThat(Quoted.text("film")).isEqualTo("'film'");
    assertThat(Quoted.text("")).isEqualTo("''");
    assertThat(Quoted.list(List.of("a", "b"))).isEqualTo("[a, b]");
  }

  @Test
  void longTextIsCutAndCounted() {
    String shown = Quoted.text("x".repeat(20_000));
    assertThat(shown).startsWith("'xxx").endsWith("…' (20000 characters)").hasSizeLessThan(120);
    byte[] bytes = "y".repeat(20_000).getBytes(StandardCharsets.UTF_8);
    assertThat(Quoted.utf8(bytes, 5, 19_000)).endsWith("…' (19000 bytes)").hasSizeLessThan(120);
    assertThat(Quoted.list(Collections.nCopies(5_000, "z".repeat(5_000)))).hasSizeLessThan(600);
  }

  @Test
  void aSentenceStaysOnItsLine() {
    assertThat(Quoted.text("a\nb\u0000c\u007f")).isEqualTo("'a\uFFFDb\uFFFDc\uFFFD'");
  }

  @Test
  void whateverASentenceHoldsItIsBounded() {
    RankException fault =
        RankException.invalid("feature " + "n".repeat(1 << 20) + " (expected: 1)");
    assertThat(fault.getMessage())
        .hasSizeLessThanOrEqualTo(Quoted.LONGEST_SENTENCE)
        .startsWith("feature nnn")
        .endsWith("(expected: 1)");
    assertThat(RankException.invalid("short").getMessage()).isEqualTo("short");
  }
}
