package dev.podium.server.feature.assembly;

import com.google.protobuf.ByteString;
import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.FloatValues;
import dev.podium.ranking.v1.Int64Values;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RawTensor;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureKind;
import dev.podium.server.feature.signature.FeatureRole;
import dev.podium.server.feature.signature.IdRule;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.TensorSpec;
import dev.podium.server.feature.signature.WireType;
import dev.podium.server.feature.wire.RankMessage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * From a message's bytes to the runtime's tensors: 500 candidates with 8 ids and 2 numbers each.
 * Beside it a copy of the same number of message bytes, the least that any server pays, and the
 * generated protobuf classes, what others pay before they begin.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AssemblyBenchmark {
  private static final int ROWS = 500;
  private static final int IDS = 8;
  private static final int NUMBERS = 2;
  private static final int VOCABULARY = 100_000;

  private final Signature signature = signature();
  private final FeatureAssembler assembler = new FeatureAssembler(signature);
  private final AssemblyTally tally = new AssemblyTally(signature);
  private final TensorBuffers rows = new TensorBuffers(signature.inputs(), ROWS);
  private byte[] varints;
  private byte[] raw;
  private ByteBuffer copy;

  /** Builds the messages. */
  @Setup
  public void build() {
    varints = request(false).toByteArray();
    raw = request(true).toByteArray();
    copy = ByteBuffer.allocateDirect(Math.max(varints.length, raw.length));
  }

  /** Ids as packed varints, as most clients send them. */
  @Benchmark
  public int packedColumns() throws RankException {
    return assemble(varints);
  }

  /** Ids and numbers as raw little-endian tensors. */
  @Benchmark
  public int rawTensors() throws RankException {
    return assemble(raw);
  }

  /** The floor: the message with the varints, copied. */
  @Benchmark
  public ByteBuffer copyOfThePackedMessage() {
    return copy.put(0, varints, 0, varints.length);
  }

  /** The floor: the message with the raw tensors, copied. */
  @Benchmark
  public ByteBuffer copyOfTheRawMessage() {
    return copy.put(0, raw, 0, raw.length);
  }

  /** Parsing alone with the generated classes, before a value is anywhere near a tensor. */
  @Benchmark
  public RankRequest generatedParserAlone() throws Exception {
    return RankRequest.parseFrom(varints);
  }

  private int assemble(byte[] message) throws RankException {
    RankMessage request = RankMessage.parse(message, message.length);
    RankBinding.of(request, signature).fill(assembler, null, rows, 0, tally);
    return request.rows();
  }

  private static Signature signature() {
    List<Feature> features = new ArrayList<>();
    List<TensorSpec> inputs = new ArrayList<>();
    for (int i = 0; i < IDS + NUMBERS; i++) {
      boolean id = i < IDS;
      String name = "feature_" + i;
      inputs.add(new TensorSpec(name, id ? TensorDtype.INT64 : TensorDtype.FLOAT, List.of()));
      features.add(
          new Feature(
              name,
              i,
              0,
              1,
              FeatureRole.CANDIDATE,
              id ? FeatureKind.CATEGORICAL : FeatureKind.DENSE,
              id ? WireType.INT64 : WireType.FLOAT,
              id ? new IdRule.Bounded(VOCABULARY, 0) : IdRule.NONE,
              null,
              null,
              true));
    }
    return new Signature(features, inputs, List.of(new Signature.Output("score", 0, 0, 1)));
  }

  private static RankRequest request(boolean raw) {
    Random random = new Random(7);
    CandidateBatch.Builder batch = CandidateBatch.newBuilder().setCount(ROWS);
    for (int i = 0; i < IDS + NUMBERS; i++) {
      FeatureColumn.Builder column = FeatureColumn.newBuilder().setName("feature_" + i);
      boolean id = i < IDS;
      if (raw) {
        ByteBuffer data =
            ByteBuffer.allocate(ROWS * (id ? Long.BYTES : Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < ROWS; row++) {
          if (id) {
            data.putLong(random.nextInt(VOCABULARY));
          } else {
            data.putFloat(random.nextFloat());
          }
        }
        column.setRaw(
            RawTensor.newBuilder()
                .setDtype(id ? DataType.DATA_TYPE_INT64 : DataType.DATA_TYPE_FLOAT32)
                .addShape(ROWS)
                .setData(ByteString.copyFrom(data.array())));
      } else if (id) {
        Int64Values.Builder values = Int64Values.newBuilder();
        random.ints(ROWS, 0, VOCABULARY).forEach(values::addValues);
        column.setInt64Values(values);
      } else {
        FloatValues.Builder values = FloatValues.newBuilder();
        for (int row = 0; row < ROWS; row++) {
          values.addValues(random.nextFloat());
        }
        column.setFloatValues(values);
      }
      batch.addColumns(column);
    }
    return RankRequest.newBuilder().setCandidates(batch).build();
  }
}
