package dev.podium.server.feature.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.FloatValues;
import dev.podium.ranking.v1.Int64Values;
import dev.podium.ranking.v1.RaggedInt64Values;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RawTensor;
import dev.podium.ranking.v1.StringValues;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureKind;
import dev.podium.server.feature.signature.FeatureRole;
import dev.podium.server.feature.signature.IdRule;
import dev.podium.server.feature.signature.SequenceRule;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.TensorSpec;
import dev.podium.server.feature.signature.Vocabulary;
import dev.podium.server.feature.signature.WireType;
import dev.podium.server.feature.wire.RankMessage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FeatureAssemblerTest {
  private static final Vocabulary GENRES = new Vocabulary(List.of("Drama", "Comedy", ""));

  /**
   * One feature of each kind and wire type; user and item share a float matrix with the price in
   * between.
   */
  private static final Signature SIGNATURE =
      new Signature(
          List.of(
              feature(
                  "user", 0, 0, 1, FeatureRole.CONTEXT, WireType.INT64, new IdRule.Bounded(100, 0)),
              feature("price", 0, 1, 2, FeatureRole.CANDIDATE, WireType.FLOAT, IdRule.NONE),
              feature(
                  "item",
                  0,
                  3,
                  1,
                  FeatureRole.CANDIDATE,
                  WireType.INT64,
                  new IdRule.Bounded(1000, IdRule.NO_ID)),
              feature(
                  "genre",
                  1,
                  0,
                  1,
                  FeatureRole.CANDIDATE,
                  WireType.STRING,
                  new IdRule.Listed(GENRES, 1, 0)),
              sequence("history", 2, 3, FeatureRole.CONTEXT, new SequenceRule(0, false, true)),
              sequence("tags", 3, 2, FeatureRole.CANDIDATE, new SequenceRule(-1, true, false)),
              feature("title", 4, 0, 1, FeatureRole.CANDIDATE, WireType.STRING, IdRule.NONE),
              feature("flag", 5, 0, 1, FeatureRole.CANDIDATE, WireType.INT64, IdRule.NONE),
              feature("vector", 6, 0, 3, FeatureRole.CANDIDATE, WireType.FLOAT, IdRule.NONE)),
          List.of(
              new TensorSpec("X", TensorDtype.FLOAT, List.of(4)),
              new TensorSpec("genre", TensorDtype.INT32, List.of()),
              new TensorSpec("history", TensorDtype.INT64, List.of(3)),
              new TensorSpec("tags", TensorDtype.INT64, List.of(2)),
              new TensorSpec("title", TensorDtype.STRING, List.of(1)),
              new TensorSpec("flag", TensorDtype.BOOL, List.of()),
              new TensorSpec("vector", TensorDtype.FLOAT, List.of(3))),
          List.of(new Signature.Output("score", 0, 0, 1)));

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 64, 500})
  void everyValueLandsWhereTheSignatureSays(int rows) throws Exception {
    Random random = new Random(rows);
    RankRequest.Builder request = RankRequest.newBuilder();
    CandidateBatch.Builder batch = request.getCandidatesBuilder().setCount(rows);
    request
        .addContext(ints("user", 42))
        .addContext(ragged("history", new int[] {5}, 1, 2, 3, 4, 5));
    Int64Values.Builder item = Int64Values.newBuilder();
    Int64Values.Builder flag = Int64Values.newBuilder();
    FloatValues.Builder price = FloatValues.newBuilder();
    FloatValues.Builder vector = FloatValues.newBuilder();
    StringValues.Builder genre = StringValues.newBuilder();
    StringValues.Builder title = StringValues.newBuilder();
    RaggedInt64Values.Builder tags = RaggedInt64Values.newBuilder();
    String[] words = {"Drama", "Comedy", "", "unheard of"};
    List<long[]> tagRows = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      item.addValues(random.nextInt(1000));
      flag.addValues(random.nextInt(2));
      price.addValues(random.nextFloat()).addValues(random.nextFloat());
      vector.addValues(random.nextFloat()).addValues(-random.nextFloat()).addValues(row);
      genre.addValues(words[random.nextInt(words.length)]);
      title.addValues("title " + row);
      long[] tag = random.longs(random.nextInt(4), -5, 1L << 40).toArray();
      tagRows.add(tag);
      tags.addRowLengths(tag.length);
      for (long value : tag) {
        tags.addValues(value);
      }
    }
    batch.addColumns(FeatureColumn.newBuilder().setName("item").setInt64Values(item));
    batch.addColumns(FeatureColumn.newBuilder().setName("flag").setInt64Values(flag));
    batch.addColumns(FeatureColumn.newBuilder().setName("price").setFloatValues(price));
    batch.addColumns(FeatureColumn.newBuilder().setName("vector").setFloatValues(vector));
    batch.addColumns(FeatureColumn.newBuilder().setName("genre").setStringValues(genre));
    batch.addColumns(FeatureColumn.newBuilder().setName("title").setStringValues(title));
    batch.addColumns(FeatureColumn.newBuilder().setName("tags").setRaggedInt64Values(tags));

    int first = 3;
    TensorBuffers buffers = new TensorBuffers(SIGNATURE.inputs(), rows + first);
    AssemblyTally tally = new AssemblyTally(SIGNATURE);
    assemble(request.build(), null, buffers, first, tally);

    int unknown = 0;
    int cut = 0;
    for (int row = 0; row < rows; row++) {
      int at = first + row;
      assertThat(buffers.numbers(0).getFloat(at * 16)).isEqualTo(42f);
      assertThat(buffers.numbers(0).getFloat(at * 16 + 4)).isEqualTo(price.getValues(2 * row));
      assertThat(buffers.numbers(0).getFloat(at * 16 + 8)).isEqualTo(price.getValues(2 * row + 1));
      assertThat(buffers.numbers(0).getFloat(at * 16 + 12)).isEqualTo(item.getValues(row));
      int genreId = List.of(words).indexOf(genre.getValues(row)) + 1;
      assertThat(buffers.numbers(1).getInt(at * 4)).isEqualTo(genreId == 4 ? 0 : genreId);
      unknown += genreId == 4 ? 1 : 0;
      for (int i = 0; i < 3; i++) {
        // Cut on the left: the newest three of five.
        assertThat(buffers.numbers(2).getLong((at * 3 + i) * 8)).isEqualTo(3 + i);
        assertThat(buffers.numbers(6).getFloat((at * 3 + i) * 4))
            .isEqualTo(vector.getValues(3 * row + i));
      }
      long[] tag = tagRows.get(row);
      cut += tag.length > 2 ? 1 : 0;
      // Padded on the left with -1, cut on the right.
      assertThat(buffers.numbers(3).getLong(at * 16)).isEqualTo(tag.length >= 2 ? tag[0] : -1);
      assertThat(buffers.numbers(3).getLong(at * 16 + 8))
          .isEqualTo(tag.length >= 2 ? tag[1] : tag.length == 1 ? tag[0] : -1);
      assertThat(buffers.strings(4)[at]).isEqualTo("title " + row);
      assertThat(buffers.numbers(5).get(at)).isEqualTo((byte) flag.getValues(row));
    }
    assertThat(tally.outOfVocabulary(3)).isEqualTo(unknown);
    assertThat(tally.truncated(4)).isEqualTo(1);
    assertThat(tally.truncated(5)).isEqualTo(cut);
    assertThat(tally.warnings()).contains("feature 'history': 1 rows cut to 3 values");
  }

  @Test
  void contextGoesToItsOwnRowWhenTheHalvesAreSplit() throws Exception {
    TensorBuffers context = new TensorBuffers(SIGNATURE.inputs(), 1);
    TensorBuffers rows = new TensorBuffers(SIGNATURE.inputs(), 4);
    assemble(valid(2).build(), context, rows, 1, new AssemblyTally(SIGNATURE));
    assertThat(context.numbers(0).getFloat(0)).isEqualTo(7f);
    assertThat(context.numbers(2).getLong(0)).isEqualTo(9);
    assertThat(rows.numbers(0).getFloat(16)).isZero();
    assertThat(rows.numbers(0).getFloat(16 + 12)).isEqualTo(3f);
  }

  @Test
  void aCandidateFeatureSentAsContextHoldsForEveryCandidate() throws Exception {
    RankRequest request =
        valid(3).setCandidates(without(valid(3), "item")).addContext(ints("item", 5)).build();
    TensorBuffers rows = new TensorBuffers(SIGNATURE.inputs(), 3);
    assemble(request, null, rows, 0, new AssemblyTally(SIGNATURE));
    for (int row = 0; row < 3; row++) {
      assertThat(rows.numbers(0).getFloat(row * 16 + 12)).isEqualTo(5f);
    }
  }

  @Test
  void aContextFeatureMayComePerCandidate() throws Exception {
    RankRequest request =
        valid(2)
            .clearContext()
            .addContext(ragged("history", new int[] {1}, 9))
            .setCandidates(valid(2).getCandidates().toBuilder().addColumns(ints("user", 1, 2)))
            .build();
    TensorBuffers rows = new TensorBuffers(SIGNATURE.inputs(), 2);
    Binding wire = assemble(request, null, rows, 0, new AssemblyTally(SIGNATURE));
    assertThat(wire.sharesContext()).isFalse();
    assertThat(rows.numbers(0).getFloat(0)).isEqualTo(1f);
    assertThat(rows.numbers(0).getFloat(16)).isEqualTo(2f);
  }

  @Test
  void rawTensorsAndUnpackedFieldsMeanTheSame() throws Exception {
    ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(3).putInt(4);
    FeatureColumn raw =
        FeatureColumn.newBuilder()
            .setName("item")
            .setRaw(
                RawTensor.newBuilder()
                    .setDtype(DataType.DATA_TYPE_INT32)
                    .addShape(2)
                    .setData(ByteString.copyFrom(bytes.array())))
            .build();
    // Field 1, wire type 0, twice: what an encoder that doesn't pack would send; then a packed
    // piece of none.
    byte[] unpackedValues = {8, 3, 8, 4, 10, 0};
    FeatureColumn unpacked =
        FeatureColumn.newBuilder()
            .setName("item")
            .setInt64Values(Int64Values.parseFrom(unpackedValues))
            .build();
    byte[] message = request(unpacked).toByteArray();
    for (RankRequest request : List.of(request(raw), RankRequest.parseFrom(message))) {
      TensorBuffers rows = new TensorBuffers(SIGNATURE.inputs(), 2);
      assemble(request, null, rows, 0, new AssemblyTally(SIGNATURE));
      assertThat(rows.numbers(0).getFloat(12)).isEqualTo(3f);
      assertThat(rows.numbers(0).getFloat(28)).isEqualTo(4f);
    }
  }

  @Test
  void unpackedBytesAreReadAsTheyAre() throws Exception {
    byte[] values = {8, 3, 8, (byte) 0x84, 0};
    ByteString column =
        ByteString.copyFrom(new byte[] {10, 4, 'i', 't', 'e', 'm', 18, (byte) values.length})
            .concat(ByteString.copyFrom(values));
    ByteString batch =
        without(valid(2), "item")
            .toByteString()
            .concat(ByteString.copyFrom(new byte[] {26, (byte) column.size()}).concat(column));
    RankRequest.Builder head = valid(2).clearCandidates();
    byte[] tag = {34, (byte) (batch.size() & 0x7F | 0x80), (byte) (batch.size() >> 7)};
    byte[] message =
        head.build().toByteString().concat(ByteString.copyFrom(tag)).concat(batch).toByteArray();
    RankMessage wire = RankMessage.parse(message, message.length);
    TensorBuffers rows = new TensorBuffers(SIGNATURE.inputs(), 2);
    RankBinding.of(wire, SIGNATURE)
        .fill(new FeatureAssembler(SIGNATURE), null, rows, 0, new AssemblyTally(SIGNATURE));
    assertThat(rows.numbers(0).getFloat(12)).isEqualTo(3f);
    assertThat(rows.numbers(0).getFloat(28)).isEqualTo(4f);
  }

  @Test
  void whatIsWrongIsNamed() {
    refused(ints("item", 1, 2, 3), "feature 'item': 3 rows (expected: 2, one for each candidate)");
    refused(ints("item", 1), "feature 'item': 1 rows (expected: 2, one for each candidate)");
    refused(
        ints("item", 1, 1000),
        "feature 'item': 1000 in row 1 (expected: 0 to 999; it has no out-of-vocabulary id)");
    refused(ints("item", 1, -1), "feature 'item': -1 in row 1 (expected: 0 to 999");
    refused(
        floats("item", 1, 2),
        "feature 'item': float_values (expected: int64_values or a raw tensor of that type)");
    refused(
        ragged("item", new int[] {1, 1}, 1, 2),
        "feature 'item': ragged_int64_values (expected: int64_values");
    refused(FeatureColumn.newBuilder().setName("item").build(), "feature 'item': no values");
    refused(
        floats("vector", 1, 2, 3, 4),
        "feature 'vector': 4 values (expected: 6, 3 a row for 2 candidates)");
    refused(
        floats("vector", 1, 2, 3, 4, Float.NaN, 6),
        "feature 'vector': NaN in row 1 (expected: a finite number)");
    refused(
        floats("price", 1, 2, 3, Float.NEGATIVE_INFINITY),
        "feature 'price': -Infinity in row 1 (expected: a finite number)");
    refused(ints("flag", 0, 2), "feature 'flag': 2 in row 1 (expected: 0 or 1)");
    refused(ints("tags", 0, 2), "feature 'tags': int64_values (expected: ragged_int64_values");
    refused(
        ragged("tags", new int[] {1, 2}, 1, 2),
        "feature 'tags': row lengths add up to more than the values that came");
    refused(
        ragged("tags", new int[] {1, 0}, 1, 2),
        "feature 'tags': row lengths add up to 1 (expected: 2, the number of values)");
    refused(
        ragged("tags", new int[] {2}, 1, 2),
        "feature 'tags': 1 rows (expected: 2, one for each candidate)");
    refused(
        raw("item", DataType.DATA_TYPE_INT64, 8, 2),
        "feature 'item': raw tensor of 8 bytes (expected: 16, its shape times the element size)");
    refused(raw("item", DataType.DATA_TYPE_STRING, 8, 2), "feature 'item': raw tensor of dtype 6");
    refused(raw("item", DataType.DATA_TYPE_FLOAT32, 8, 2), "feature 'item': raw tensor of FLOAT32");
    refused(raw("item", DataType.DATA_TYPE_INT64, 24, 3), "feature 'item': 3 rows (expected: 2");
  }

  @Test
  void namesAreCheckedWithoutDecoding() {
    refused(
        valid(2).addContext(ints("nobody", 1)).build(),
        "feature 'nobody': unknown (expected: one of user, price, item");
    refused(
        valid(2).addContext(ints("item", 1)).build(),
        "feature 'item': sent twice (expected: once)");
    refused(
        valid(2).setCandidates(without(valid(2), "item")).build(),
        "feature 'item': missing (expected: a column; it has no default)");
    refused(
        valid(2).setContext(0, ints("user", 1, 2)).build(),
        "feature 'user': 2 rows (expected: 1, as it is a context column)");
  }

  @Test
  void bytesThatAreNoRequestAreRefused() {
    Random random = new Random(4);
    byte[] good = valid(5).build().toByteArray();
    FeatureAssembler assembler = new FeatureAssembler(SIGNATURE);
    TensorBuffers rows = new TensorBuffers(SIGNATURE.inputs(), 64);
    AssemblyTally tally = new AssemblyTally(SIGNATURE);
    int refused = 0;
    for (int i = 0; i < 50_000; i++) {
      byte[] bytes = good.clone();
      for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      int length = random.nextInt(4) == 0 ? random.nextInt(bytes.length) : bytes.length;
      try {
        RankMessage wire = RankMessage.parse(bytes, length);
        if (wire.rows() <= 64) {
          RankBinding.of(wire, SIGNATURE).fill(assembler, null, rows, 0, tally);
        }
      } catch (RankException e) {
        assertThat(e.code()).isEqualTo(FaultCode.INVALID_ARGUMENT);
        assertThat(e.getMessage()).isNotBlank();
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(1000);
  }

  private static Binding assemble(
      RankRequest request,
      TensorBuffers context,
      TensorBuffers rows,
      int first,
      AssemblyTally tally)
      throws RankException {
    byte[] bytes = request.toByteArray();
    RankMessage wire = RankMessage.parse(bytes, bytes.length);
    Binding binding = RankBinding.of(wire, SIGNATURE);
    binding.fill(new FeatureAssembler(SIGNATURE), context, rows, first, tally);
    return binding;
  }

  private static void refused(FeatureColumn column, String message) {
    refused(request(column), message);
  }

  private static void refused(RankRequest request, String message) {
    assertThatThrownBy(
            () ->
                assemble(
                    request,
                    null,
                    new TensorBuffers(SIGNATURE.inputs(), 2),
                    0,
                    new AssemblyTally(SIGNATURE)))
        .isInstanceOf(RankException.class)
        .hasMessageContaining(message);
  }

  /** A valid request of two candidates in which one column is replaced. */
  private static RankRequest request(FeatureColumn column) {
    CandidateBatch.Builder batch = without(valid(2), column.getName()).toBuilder();
    return valid(2).setCandidates(batch.addColumns(column)).build();
  }

  private static CandidateBatch without(RankRequest.Builder request, String name) {
    CandidateBatch.Builder batch =
        CandidateBatch.newBuilder().setCount(request.getCandidates().getCount());
    request.getCandidates().getColumnsList().stream()
        .filter(c -> !c.getName().equals(name))
        .forEach(batch::addColumns);
    return batch.build();
  }

  private static RankRequest.Builder valid(int rows) {
    RankRequest.Builder request = RankRequest.newBuilder();
    request.addContext(ints("user", 7)).addContext(ragged("history", new int[] {1}, 9));
    CandidateBatch.Builder batch = request.getCandidatesBuilder().setCount(rows);
    long[] three = new long[rows];
    long[] one = new long[rows];
    String[] drama = new String[rows];
    Arrays.fill(three, 3);
    Arrays.fill(one, 1);
    Arrays.fill(drama, "Drama");
    batch.addColumns(ints("item", three));
    batch.addColumns(floats("price", new float[2 * rows]));
    batch.addColumns(floats("vector", new float[3 * rows]));
    batch.addColumns(ints("flag", one));
    batch.addColumns(ragged("tags", new int[rows]));
    for (String name : List.of("genre", "title")) {
      batch.addColumns(
          FeatureColumn.newBuilder()
              .setName(name)
              .setStringValues(StringValues.newBuilder().addAllValues(List.of(drama))));
    }
    return request;
  }

  private static FeatureColumn ints(String name, long... values) {
    Int64Values.Builder column = Int64Values.newBuilder();
    for (long value : values) {
      column.addValues(value);
    }
    return FeatureColumn.newBuilder().setName(name).setInt64Values(column).build();
  }

  private static FeatureColumn floats(String name, float... values) {
    FloatValues.Builder column = FloatValues.newBuilder();
    for (float value : values) {
      column.addValues(value);
    }
    return FeatureColumn.newBuilder().setName(name).setFloatValues(column).build();
  }

  private static FeatureColumn ragged(String name, int[] lengths, long... values) {
    RaggedInt64Values.Builder column = RaggedInt64Values.newBuilder();
    for (int length : lengths) {
      column.addRowLengths(length);
    }
    for (long value : values) {
      column.addValues(value);
    }
    return FeatureColumn.newBuilder().setName(name).setRaggedInt64Values(column).build();
  }

  private static FeatureColumn raw(String name, DataType type, int bytes, long... shape) {
    RawTensor.Builder tensor =
        RawTensor.newBuilder().setDtype(type).setData(ByteString.copyFrom(new byte[bytes]));
    for (long size : shape) {
      tensor.addShape(size);
    }
    return FeatureColumn.newBuilder().setName(name).setRaw(tensor).build();
  }

  private static Feature feature(
      String name, int input, int column, int width, FeatureRole role, WireType type, IdRule ids) {
    FeatureKind kind = type == WireType.FLOAT ? FeatureKind.DENSE : FeatureKind.CATEGORICAL;
    return new Feature(name, input, column, width, role, kind, type, ids, null, null, true);
  }

  private static Feature sequence(
      String name, int input, int length, FeatureRole role, SequenceRule rule) {
    return new Feature(
        name,
        input,
        0,
        length,
        role,
        FeatureKind.SEQUENCE,
        WireType.INT64,
        IdRule.NONE,
        rule,
        null,
        true);
  }
}
