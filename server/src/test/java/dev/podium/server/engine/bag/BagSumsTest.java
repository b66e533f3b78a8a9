package dev.podium.server.engine.bag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.podium.graph.EmbeddingBag;
import dev.podium.graph.onnx.TensorInfo;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BagSumsTest {
  private static final int IDS = 9;
  private static final int WIDTH = 11;
  private static final int ROWS = 5;
  private static final List<TensorSpec> INPUTS =
      List.of(
          new TensorSpec("user", TensorDtype.INT64, List.of()),
          new TensorSpec("item", TensorDtype.INT64, List.of()),
          new TensorSpec("kind", TensorDtype.INT32, List.of()),
          new TensorSpec("matrix", TensorDtype.FLOAT, List.of(4)),
          new TensorSpec("place", TensorDtype.DOUBLE, List.of()));

  private final float[][] table = table();
  private final TensorBuffers context = new TensorBuffers(INPUTS, 1);
  private final TensorBuffers rows = rows();
  private final List<EmbeddingBag.Id> ids = new ArrayList<>();

  private static float[][] table() {
    Random random = new Random(7);
    float[][] table = new float[8 * IDS][WIDTH];
    for (float[] row : table) {
      for (int i = 0; i < WIDTH; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
    return table;
  }

  private static TensorBuffers rows() {
    List<TensorSpec> specs = new ArrayList<>(INPUTS);
    specs.add(new TensorSpec("narrow", TensorDtype.FLOAT, List.of()));
    specs.add(new TensorSpec("wide", TensorDtype.FLOAT, List.of(2, 5)));
    return new TensorBuffers(specs, ROWS);
  }

  private void id(String input, int column, boolean context) {
    ids.add(new EmbeddingBag.Id(input, column, context, 0, ids.size() * IDS, IDS));
  }

  private BagSums sums() {
    List<TensorInfo> sums =
        List.of(
            new TensorInfo("narrow", dev.podium.graph.onnx.ElementType.FLOAT32, List.of(-1L)),
            new TensorInfo(
                "wide", dev.podium.graph.onnx.ElementType.FLOAT32, List.of(-1L, 2L, 5L)));
    return new BagSums(new LoadedBag(new EmbeddingBag(ids, null, sums), table), context, rows);
  }

  private double[] expected(int... entries) {
    double[] sum = new double[WIDTH];
    for (int i = 0; i < entries.length; i++) {
      for (int j = 0; j < WIDTH; j++) {
        sum[j] += table[i * IDS + entries[i]][j];
      }
    }
    return sum;
  }

  private void assertRow(int row, double[] expected) {
    assertThat((double) rows.numbers(5).getFloat(row * Float.BYTES))
        .isCloseTo(expected[0], within(1e-5));
    for (int i = 0; i < 10; i++) {
      assertThat((double) rows.numbers(6).getFloat((row * 10 + i) * Float.BYTES))
          .isCloseTo(expected[i + 1], within(1e-5));
    }
  }

  @Test
  void addsEntriesOfIdsOfEveryTypeAndTheContextsShare() throws Exception {
    id("user", 0, true);
    id("item", 0, false);
    id("kind", 0, false);
    id("matrix", 1, false);
    id("matrix", 3, false);
    id("place", 0, false);
    context.putNumber(0, 0, 4);
    for (int row = 0; row < ROWS; row++) {
      rows.putNumber(1, row, row);
      rows.putNumber(2, row, 8 - row);
      rows.putNumber(3, row * 4 + 1, 2);
      rows.putNumber(3, row * 4 + 3, row + 0.5);
      rows.putNumber(4, row, 7);
    }

    BagSums sums = sums();
    sums.fill(sums.shareOfContext(), ROWS);

    for (int row = 0; row < ROWS; row++) {
      assertRow(row, expected(4, row, 8 - row, 2, row, 7));
    }
  }

  @Test
  void countsNegativeIdsFromTheEndOfTheirTable() throws Exception {
    id("item", 0, false);
    id("kind", 0, false);
    rows.putNumber(1, 0, -1);
    rows.putNumber(2, 0, -IDS);

    BagSums sums = sums();
    sums.fill(sums.shareOfContext(), 1);

    assertRow(0, expected(IDS - 1, 0));
  }

  /** A field that begins at row 4 of a table that it shares. */
  @ParameterizedTest
  @CsvSource({"0, 4", "4, 8", "-1, 3", "-4, 0", "-5, 8", "-13, 0"})
  void countsIdsFromWhereTheirFieldBegins(long id, int entry) throws Exception {
    ids.add(new EmbeddingBag.Id("item", 0, false, 4, 0, IDS));
    rows.longs(1).put(0, id);

    sums().fill(1);

    assertRow(0, expected(entry));
  }

  @ParameterizedTest
  @ValueSource(longs = {5, -14, Long.MAX_VALUE, Long.MIN_VALUE})
  void refusesAnIdOutsideOfASharedTable(long id) throws Exception {
    ids.add(new EmbeddingBag.Id("item", 0, false, 4, 0, IDS));
    rows.longs(1).put(0, id);

    assertThatThrownBy(() -> sums().fill(1))
        .hasMessage("input 'item': row 0: " + id + " (expected: an id of its embedding, -4 to 4)");
  }

  @ParameterizedTest
  @ValueSource(longs = {IDS, -IDS - 1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 32})
  void refusesAnIdOutsideOfItsTable(long id) throws Exception {
    id("item", 0, false);
    id("kind", 0, false);
    rows.longs(1).put(2, id);
    BagSums sums = sums();
    float[] share = sums.shareOfContext();

    assertThatThrownBy(() -> sums.fill(share, 3))
        .isInstanceOfSatisfying(
            RankException.class, e -> assertThat(e.code()).isEqualTo(FaultCode.INVALID_ARGUMENT))
        .hasMessage("input 'item': row 2: " + id + " (expected: an id of its embedding, 0 to 8)");
  }

  @Test
  void refusesAContextsIdOutsideOfItsTable() {
    id("item", 0, false);
    id("user", 0, true);
    context.longs(0).put(0, IDS);

    assertThatThrownBy(() -> sums().shareOfContext())
        .hasMessage("input 'user': row 0: 9 (expected: an id of its embedding, 0 to 8)");
  }
}
