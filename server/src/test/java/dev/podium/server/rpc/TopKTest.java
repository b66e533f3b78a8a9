package dev.podium.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TopKTest {
  @Test
  void agreesWithAStableSort() {
    Random random = new Random(5);
    for (int round = 0; round < 2_000; round++) {
      float[] scores = new float[random.nextInt(40)];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = random.nextInt(8) == 0 ? Float.NaN : random.nextInt(10) - 5;
      }
      int k = random.nextInt(45);
      int[] expected =
          IntStream.range(0, scores.length)
              .filter(i -> !Float.isNaN(scores[i]))
              .boxed()
              .sorted(Comparator.comparing(i -> -scores[i]))
              .limit(k)
              .mapToInt(Integer::intValue)
              .toArray();
      assertThat(TopK.of(scores, k)).containsExactly(expected);
    }
  }

  @Test
  void negativeZeroTiesWithZero() {
    assertThat(TopK.of(new float[] {-0f, 0f, Float.MIN_VALUE, -1e30f, 1e30f}, 5))
        .containsExactly(4, 2, 0, 1, 3);
  }
}
