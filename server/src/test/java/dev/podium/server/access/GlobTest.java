package dev.podium.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names in rules: what they match, and that no name makes them slow. */
class GlobTest {
  @ParameterizedTest
  @CsvSource({
    "web, web, true",
    "web, web2, false",
    "web, '', false",
    "*, '', true",
    "*, anything, true",
    "'', '', true",
    "'', x, false",
    "jwt-*, jwt-, true",
    "jwt-*, jwt-job, true",
    "jwt-*, ajwt-job, false",
    "*-job, batch-job, true",
    "*-job, batch-jobs, false",
    "a*b*c, abc, true",
    "a*b*c, axxbxxc, true",
    "a*b*c, acb, false",
    "ab*ba, aba, false",
    "ab*ba, abba, true",
    "a**b, ab, true",
    "*aab*, aaab, true",
    "*ab*abc*, ababc, true",
    "a.c, abc, false",
    "[ab], a, false",
    "a*, 'a\nb', true",
  })
  void matchesAsAStarStandsForAnyText(String glob, String name, boolean matches) {
    assertThat(new Glob(glob).matches(name)).isEqualTo(matches);
  }

  /** The same as trying every way to cut the name up. */
  @Test
  void agreesWithTheDefinition() {
    Random random = new Random(5);
    for (int i = 0; i < 20_000; i++) {
      String glob = text(random, "ab*", 7);
      String name = text(random, "ab", 9);
      assertThat(new Glob(glob).matches(name))
          .as("'%s' and '%s'", glob, name)
          .isEqualTo(matches(glob, name));
    }
  }

  private static String text(Random random, String letters, int most) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(most); i > 0; i--) {
      text.append(letters.charAt(random.nextInt(letters.length())));
    }
    return text.toString();
  }

  private static boolean matches(String glob, String name) {
    if (glob.isEmpty()) {
      return name.isEmpty();
    }
    if (glob.charAt(0) == '*') {
      return matches(glob.substring(1), name)
          || (!name.isEmpty() && matches(glob, name.substring(1)));
    }
    return !name.isEmpty()
        && glob.charAt(0) == name.charAt(0)
        && matches(glob.substring(1), name.substring(1));
  }

  /** Matchers that go back would need longer than the universe is old, or a stack without end. */
  @Test
  @Timeout(10)
  void noNameMakesItSlow() {
    Glob stars = new Glob("*a".repeat(200) + "*b");
    String name = "a".repeat(1 << 20);
    assertThat(stars.matches(name)).isFalse();
    assertThat(stars.matches(name + "b")).isTrue();
    assertThatCode(() -> new Glob("*".repeat(100_000)).matches(name)).doesNotThrowAnyException();
  }
}
