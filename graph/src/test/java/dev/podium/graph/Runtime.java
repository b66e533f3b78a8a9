package dev.podium.graph;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.OnnxGraph;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Runs graphs in ONNX Runtime on random inputs and compares halves with the graph that they came
 * from.
 */
final class Runtime {
  private static final OrtEnvironment ENVIRONMENT = OrtEnvironment.getEnvironment();

  private Runtime() {}

  /**
   * A tensor in Java's memory: numbers in {@code floats} or, for whole numbers and booleans, in
   * {@code longs}.
   */
  record Value(ElementType type, long[] shape, float[] floats, long[] longs) {
    static Value of(long[] shape, float[] floats) {
      return new Value(ElementType.FLOAT32, shape, floats, null);
    }

    static Value of(long[] shape, long[] longs) {
      return new Value(ElementType.INT64, shape, null, longs);
    }

    OnnxTensor tensor() throws OrtException {
      switch (type) {
        case FLOAT32:
          return OnnxTensor.createTensor(ENVIRONMENT, FloatBuffer.wrap(floats), shape);
        case INT64:
          return OnnxTensor.createTensor(ENVIRONMENT, LongBuffer.wrap(longs), shape);
        case INT32:
          int[] ints = java.util.Arrays.stream(longs).mapToInt(Math::toIntExact).toArray();
          return OnnxTensor.createTensor(ENVIRONMENT, java.nio.IntBuffer.wrap(ints), shape);
        case BOOL:
          java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocateDirect(longs.length);
          for (long flag : longs) {
            bytes.put((byte) flag);
          }
          return OnnxTensor.createTensor(ENVIRONMENT, bytes.rewind(), shape, OnnxJavaType.BOOL);
        default:
          throw new AssertionError("input of type " + type);
      }
    }

    int size() {
      return floats != null ? floats.length : longs.length;
    }

    /** Rows [from, to). */
    Value rows(int from, int to) {
      int width = shape[0] == 0 ? 0 : size() / (int) shape[0];
      long[] cut = shape.clone();
      cut[0] = to - from;
      return new Value(
          type,
          cut,
          floats == null ? null : java.util.Arrays.copyOfRange(floats, from * width, to * width),
          longs == null ? null : java.util.Arrays.copyOfRange(longs, from * width, to * width));
    }
  }

  /** What random inputs look like: ids are below this bound, floats are normal. */
  record Inputs(int idBound, long seed, Map<String, Long> openDimensions) {
    static Inputs ids(int bound) {
      return new Inputs(bound, 11, Map.of());
    }
  }

  /**
   * Random values for each input of a graph; context inputs (and columns) repeat their first row.
   */
  static Map<String, Value> random(OnnxGraph graph, ContextInputs context, int rows, Inputs how) {
    Random random = new Random(how.seed() + rows);
    Map<String, Value> values = new LinkedHashMap<>();
    for (dev.podium.graph.onnx.TensorInfo input : graph.inputs()) {
      long[] shape = new long[input.shape().size()];
      int width = 1;
      for (int i = 0; i < shape.length; i++) {
        long dim = input.shape().get(i);
        shape[i] =
            i == 0 ? rows : dim < 0 ? how.openDimensions().getOrDefault(input.name(), 1L) : dim;
        width *= i == 0 ? 1 : (int) shape[i];
      }
      boolean[] shared = new boolean[width];
      java.util.Arrays.fill(shared, context.wholeInputs().contains(input.name()));
      for (ContextInputs.ColumnRange range :
          context.columnRanges().getOrDefault(input.name(), List.of())) {
        java.util.Arrays.fill(shared, range.from(), range.to(), true);
      }
      float[] floats = input.type() == ElementType.FLOAT32 ? new float[rows * width] : null;
      long[] longs = floats == null ? new long[rows * width] : null;
      boolean matrixOfIds = context.columnRanges().containsKey(input.name());
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < width; column++) {
          int at = row * width + column;
          int from = row > 0 && shared[column] ? column : at;
          if (floats != null) {
            float drawn =
                matrixOfIds ? random.nextInt(how.idBound()) : (float) random.nextGaussian();
            floats[at] = from == at ? drawn : floats[from];
          } else {
            long drawn = random.nextInt(how.idBound());
            longs[at] = from == at ? drawn : longs[from];
          }
        }
      }
      values.put(input.name(), new Value(input.type(), shape, floats, longs));
    }
    return values;
  }

  /** Runs a graph once in a session of its own. */
  static Map<String, Value> run(OnnxGraph graph, Map<String, Value> inputs) {
    try (OrtSession session = session(graph)) {
      return run(session, inputs);
    } catch (OrtException e) {
      throw new AssertionError("the runtime refused a graph: " + e.getMessage(), e);
    }
  }

  static OrtSession session(OnnxGraph graph) throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(1);
    options.setSessionLogLevel(ai.onnxruntime.OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
    return ENVIRONMENT.createSession(graph.toBytes(), options);
  }

  static Map<String, Value> run(OrtSession session, Map<String, Value> inputs) throws OrtException {
    Map<String, OnnxTensorLike> tensors = new HashMap<>();
    try {
      for (String name : session.getInputNames()) {
        Value value = inputs.get(name);
        if (value == null) {
          throw new AssertionError("no value for input '" + name + "'");
        }
        tensors.put(name, value.tensor());
      }
      Map<String, Value> outputs = new LinkedHashMap<>();
      try (OrtSession.Result result = session.run(tensors)) {
        for (Map.Entry<String, OnnxValue> output : result) {
          outputs.put(output.getKey(), value((OnnxTensor) output.getValue()));
        }
      }
      return outputs;
    } finally {
      tensors.values().forEach(OnnxTensorLike::close);
    }
  }

  /** Runs a graph whose outputs are all of double precision. */
  static Map<String, double[]> runDoubles(OrtSession session, Map<String, Value> inputs)
      throws OrtException {
    Map<String, OnnxTensorLike> tensors = new HashMap<>();
    try {
      for (String name : session.getInputNames()) {
        tensors.put(name, inputs.get(name).tensor());
      }
      Map<String, double[]> outputs = new LinkedHashMap<>();
      try (OrtSession.Result result = session.run(tensors)) {
        for (Map.Entry<String, OnnxValue> output : result) {
          java.nio.DoubleBuffer values = ((OnnxTensor) output.getValue()).getDoubleBuffer();
          double[] copy = new double[values.remaining()];
          values.get(copy);
          outputs.put(output.getKey(), copy);
        }
      }
      return outputs;
    } finally {
      tensors.values().forEach(OnnxTensorLike::close);
    }
  }

  private static Value value(OnnxTensor tensor) throws OrtException {
    TensorInfo info = tensor.getInfo();
    switch (info.type) {
      case FLOAT:
        FloatBuffer floats = tensor.getFloatBuffer();
        float[] copy = new float[floats.remaining()];
        floats.get(copy);
        return Value.of(info.getShape(), copy);
      case INT64:
        LongBuffer longs = tensor.getLongBuffer();
        long[] numbers = new long[longs.remaining()];
        longs.get(numbers);
        return Value.of(info.getShape(), numbers);
      case BOOL:
        java.nio.ByteBuffer bytes = tensor.getByteBuffer();
        long[] flags = new long[bytes.remaining()];
        for (int i = 0; i < flags.length; i++) {
          flags[i] = bytes.get();
        }
        return new Value(ElementType.BOOL, info.getShape(), null, flags);
      case INT32:
        java.nio.IntBuffer ints = tensor.getIntBuffer();
        long[] wide = new long[ints.remaining()];
        for (int i = 0; i < wide.length; i++) {
          wide[i] = ints.get();
        }
        return new Value(ElementType.INT32, info.getShape(), null, wide);
      default:
        throw new AssertionError("output of type " + info.type);
    }
  }

  /** Compiles, runs both forms for several row counts, and compares every output. */
  static Compilation.Split assertSame(
      OnnxGraph graph,
      ContextInputs context,
      CompilerOptions options,
      Inputs how,
      double tolerance) {
    Compilation compilation = new RankingCompiler().compile(graph, context, options);
    assertThat(compilation)
        .as(() -> "refused: " + compilation.report().refused())
        .isInstanceOf(Compilation.Split.class);
    Compilation.Split split = (Compilation.Split) compilation;
    for (int rows : new int[] {1, 2, 7}) {
      Map<String, Value> inputs = random(graph, context, rows, how);
      compare(run(graph, inputs), runHalves(split, inputs), tolerance);
    }
    return split;
  }

  /** Runs the context half on the first row and the candidate half on all of them. */
  static Map<String, Value> runHalves(Compilation.Split split, Map<String, Value> inputs) {
    Map<String, Value> once = new HashMap<>();
    inputs.forEach((name, value) -> once.put(name, value.rows(0, 1)));
    Map<String, Value> all = new HashMap<>(inputs);
    if (!split.boundary().isEmpty()) {
      all.putAll(run(split.contextHalf(), once));
    }
    all.putAll(sums(split.bags(), inputs));
    return run(split.candidateHalf(), all);
  }

  /** The sums of bags, one entry at a time. */
  static Map<String, Value> sums(List<EmbeddingBag> bags, Map<String, Value> inputs) {
    Map<String, Value> sums = new HashMap<>();
    for (EmbeddingBag bag : bags) {
      Value table = run(bag.table(), Map.of()).get(EmbeddingBag.TABLE);
      int width = (int) table.shape()[1];
      int rows = (int) inputs.get(bag.ids().get(0).input()).shape()[0];
      double[] sum = new double[rows * width];
      for (EmbeddingBag.Id id : bag.ids()) {
        Value value = inputs.get(id.input());
        int columns = value.size() / rows;
        for (int row = 0; row < rows; row++) {
          int at = (id.context() ? 0 : row * columns) + id.column();
          int entry =
              (int)
                  (id.shift()
                      + (value.longs() != null ? value.longs()[at] : (long) value.floats()[at]));
          int first = (id.start() + entry + (entry < 0 ? id.size() : 0)) * width;
          for (int i = 0; i < width; i++) {
            sum[row * width + i] += table.floats()[first + i];
          }
        }
      }
      int from = 0;
      for (dev.podium.graph.onnx.TensorInfo info : bag.sums()) {
        long[] shape = info.shape().stream().mapToLong(Long::longValue).toArray();
        shape[0] = rows;
        int columns = (int) java.util.Arrays.stream(shape).skip(1).reduce(1, (a, b) -> a * b);
        float[] own = new float[rows * columns];
        for (int i = 0; i < own.length; i++) {
          own[i] = (float) sum[i / columns * width + from + i % columns];
        }
        sums.put(info.name(), Value.of(shape, own));
        from += columns;
      }
      assertThat(from).as("width of the sums of a table of " + width + " columns").isEqualTo(width);
    }
    return sums;
  }

  /** Same names, shapes and numbers; {@code tolerance} is relative above 1 and absolute below. */
  static void compare(Map<String, Value> expected, Map<String, Value> actual, double tolerance) {
    assertThat(new ArrayList<>(actual.keySet())).isEqualTo(new ArrayList<>(expected.keySet()));
    expected.forEach(
        (name, value) -> {
          Value other = actual.get(name);
          assertThat(other.shape()).as("shape of " + name).isEqualTo(value.shape());
          if (value.longs() != null) {
            assertThat(other.longs()).as(name).isEqualTo(value.longs());
            return;
          }
          for (int i = 0; i < value.floats().length; i++) {
            float a = value.floats()[i];
            float b = other.floats()[i];
            double limit = tolerance * Math.max(1.0, Math.abs(a));
            if (!(Math.abs(a - b) <= limit) && !(Float.isNaN(a) && Float.isNaN(b)) && a != b) {
              throw new AssertionError(
                  name
                      + "["
                      + i
                      + "]: "
                      + b
                      + " (expected: "
                      + a
                      + " as exported, within "
                      + limit
                      + ")");
            }
          }
        });
  }
}
