package dev.podium.server.engine.ort;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.TensorSpec;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContextCacheTest {
  private static final List<TensorSpec> TWO_TEXTS =
      List.of(new TensorSpec("texts", TensorDtype.STRING, List.of(2)));

  /** A context is another one wherever its texts end; 0 stands for the character of that number. */
  @ParameterizedTest
  @CsvSource({
    "a0, b, a, 0b, false",
    "'', 0, 0, '', false",
    "0, 0, '', 00, false",
    "ab, '', a, b, false",
    "a0, b, a0, b, true",
    "'', '', '', '', true",
  })
  void textsAreToldApartByWhereTheyEnd(
      String first, String second, String otherFirst, String otherSecond, boolean same)
      throws RankException {
    ContextCache cache = new ContextCache(1 << 20, Long.MAX_VALUE, () -> 0);
    cache.get(row(first, second), ContextCacheTest::context).close();
    cache.get(row(otherFirst, otherSecond), ContextCacheTest::context).close();
    assertThat(cache.status().hits()).isEqualTo(same ? 1 : 0);
    assertThat(cache.status().misses()).isEqualTo(same ? 1 : 2);
    cache.clear();
  }

  private static OnnxContext context() {
    return new OnnxContext(null, new float[][] {{1}}, 0);
  }

  private static TensorBuffers row(String first, String second) {
    TensorBuffers row = new TensorBuffers(TWO_TEXTS, 1);
    row.strings(0)[0] = first.replace('0', '\0');
    row.strings(0)[1] = second.replace('0', '\0');
    return row;
  }
}
