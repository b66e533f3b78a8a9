package dev.podium.graph;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.onnx.TensorInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The exported graph in one session run against the halves driven as a server drives them: context
 * half once, candidate half tile by tile, buffers made once. One thread; the two alternate within
 * one run. Arguments: model file, then {@code --context A,B} (names, or {@code X[0:4]} for columns,
 * or a prefix such as {@code user_*}), {@code --shape NAME=50}, {@code --rows 10,100}, {@code
 * --tiles 16,64}, {@code --without PASS,PASS}, {@code --seconds S} a row count.
 */
final class HalvesBenchmark {
  private static final OrtEnvironment ENVIRONMENT = OrtEnvironment.getEnvironment();

  /** The thread's own time: all of the work is on it, and neighbours on the machine count less. */
  private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

  private HalvesBenchmark() {}

  public static void main(String[] args) throws Exception {
    Path file = Path.of(args[0]);
    Map<String, String> flags = new HashMap<>();
    for (int i = 1; i + 1 < args.length; i += 2) {
      flags.merge(args[i], args[i + 1], (a, b) -> a + "," + b);
    }
    OnnxGraph graph = OnnxGraph.read(file);
    ContextInputs context = context(graph, flags.get("--context"));
    // Bags are the server's to compute: what it makes of them is measured by `podium inspect`.
    CompilerOptions options = CompilerOptions.defaults().without("EMBEDDING_BAGS");
    Map<String, Long> open = new HashMap<>();
    for (String shape : flags.getOrDefault("--shape", "").split(",")) {
      if (!shape.isEmpty()) {
        String[] parts = shape.split("=");
        options = options.withInputShape(parts[0], Long.parseLong(parts[1]));
        open.put(parts[0], Long.parseLong(parts[1]));
      }
    }
    for (String pass : flags.getOrDefault("--without", "").split(",")) {
      if (!pass.isEmpty()) {
        options = options.without(pass);
      }
    }
    int[] rowCounts = numbers(flags.getOrDefault("--rows", "10,100,500,1000,2000"));
    int[] tiles = numbers(flags.getOrDefault("--tiles", "16,32,64,128,256,512"));
    double seconds = Double.parseDouble(flags.getOrDefault("--seconds", "3"));

    Compilation compilation = new RankingCompiler().compile(graph, context, options);
    print(compilation.report());
    if (!(compilation instanceof Compilation.Split split)) {
      System.exit(1);
      return;
    }
    if (flags.containsKey("--save")) {
      split.contextHalf().write(Path.of(flags.get("--save") + "-context.onnx"));
      split.candidateHalf().write(Path.of(flags.get("--save") + "-candidate.onnx"));
    }
    Runtime.Inputs how =
        new Runtime.Inputs(Integer.parseInt(flags.getOrDefault("--ids", "100")), 5, open);
    Path folder = file.toAbsolutePath().getParent();
    try (Bare exported = new Bare(graph, folder);
        Bare contextHalf = new Bare(split.contextHalf(), folder);
        Bare candidateHalf = new Bare(split.candidateHalf(), folder)) {
      for (int rows : rowCounts) {
        measure(rows, tiles, seconds, graph, context, how, exported, contextHalf, candidateHalf);
      }
    }
  }

  private static void measure(
      int rows,
      int[] tiles,
      double seconds,
      OnnxGraph graph,
      ContextInputs context,
      Runtime.Inputs how,
      Bare exported,
      Bare contextHalf,
      Bare candidateHalf)
      throws OrtException {
    Map<String, Runtime.Value> inputs = Runtime.random(graph, context, rows, how);
    Map<String, Runtime.Value> first = new HashMap<>();
    inputs.forEach((name, value) -> first.put(name, value.rows(0, 1)));
    Map<String, OnnxTensorLike> whole = exported.bind(inputs);
    Map<String, OnnxTensorLike> once = contextHalf.bind(first);
    Map<String, OnnxTensor> boundary = contextHalf.outputs(1);
    Map<String, OnnxTensor> scores = exported.outputs(rows);
    Map<Integer, List<Map<String, OnnxTensorLike>>> cuts = new TreeMap<>();
    Map<Integer, List<Map<String, OnnxTensor>>> results = new TreeMap<>();
    for (int given : tiles) {
      int tile = Math.min(given, rows);
      if (cuts.containsKey(tile)) {
        continue;
      }
      List<Map<String, OnnxTensorLike>> cut = new ArrayList<>();
      List<Map<String, OnnxTensor>> result = new ArrayList<>();
      for (int from = 0; from < rows; from += tile) {
        int to = Math.min(rows, from + tile);
        Map<String, Runtime.Value> part = new HashMap<>();
        for (Map.Entry<String, Runtime.Value> input : inputs.entrySet()) {
          part.put(input.getKey(), input.getValue().rows(from, to));
        }
        Map<String, OnnxTensorLike> bound = candidateHalf.bind(part);
        boundary.forEach(bound::put);
        cut.add(bound);
        result.add(candidateHalf.outputs(to - from));
      }
      cuts.put(tile, cut);
      results.put(tile, result);
    }
    long[] exportedTimes = new long[100_000];
    Map<Integer, long[]> times = new TreeMap<>();
    cuts.keySet().forEach(tile -> times.put(tile, new long[100_000]));
    long[] contextTimes = new long[100_000];
    int rounds = 0;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (rounds < 100_000 && (rounds < 20 || System.nanoTime() < end)) {
      exportedTimes[rounds] = time(() -> exported.run(whole, scores));
      contextTimes[rounds] = time(() -> contextHalf.run(once, boundary));
      for (int tile : cuts.keySet()) {
        List<Map<String, OnnxTensorLike>> cut = cuts.get(tile);
        List<Map<String, OnnxTensor>> result = results.get(tile);
        times.get(tile)[rounds] =
            time(
                () -> {
                  contextHalf.run(once, boundary);
                  for (int i = 0; i < cut.size(); i++) {
                    candidateHalf.run(cut.get(i), result.get(i));
                  }
                });
      }
      rounds++;
    }
    double base = median(exportedTimes, rounds);
    StringBuilder line = new StringBuilder();
    line.append(
        String.format(
            "rows %5d exported %8.3f ms context %6.3f ms |",
            rows, base / 1e6, median(contextTimes, rounds) / 1e6));
    int bestTile = 0;
    double best = Double.MAX_VALUE;
    for (int tile : cuts.keySet()) {
      double median = median(times.get(tile), rounds);
      line.append(String.format(" %d: %.2fx", tile, base / median));
      if (median < best) {
        best = median;
        bestTile = tile;
      }
    }
    line.append(
        String.format(
            " | best tile %d: %.3f ms, %.2fx (%d rounds)",
            bestTile, best / 1e6, base / best, rounds));
    System.out.println(line);
    verify(scores, results.get(bestTile), rows);
    whole.values().forEach(OnnxTensorLike::close);
    once.values().forEach(OnnxTensorLike::close);
  }

  private static void verify(
      Map<String, OnnxTensor> expected, List<Map<String, OnnxTensor>> tiles, int rows)
      throws OrtException {
    double largest = 0;
    for (Map.Entry<String, OnnxTensor> output : expected.entrySet()) {
      var a = output.getValue().getFloatBuffer();
      int at = 0;
      for (Map<String, OnnxTensor> tile : tiles) {
        var b = tile.get(output.getKey()).getFloatBuffer();
        while (b.hasRemaining()) {
          largest = Math.max(largest, Math.abs(a.get(at++) - b.get()));
        }
      }
    }
    System.out.printf("           largest difference over %d rows %.2e%n", rows, largest);
  }

  private interface Body {
    void run() throws OrtException;
  }

  private static long time(Body body) throws OrtException {
    long start = CLOCK.getCurrentThreadCpuTime();
    body.run();
    return CLOCK.getCurrentThreadCpuTime() - start;
  }

  private static double median(long[] times, int count) {
    long[] sorted = Arrays.copyOf(times, count);
    Arrays.sort(sorted);
    return sorted[count / 2];
  }

  private static int[] numbers(String list) {
    return Arrays.stream(list.split(",")).mapToInt(Integer::parseInt).toArray();
  }

  private static ContextInputs context(OnnxGraph graph, String spec) {
    ContextInputs.Builder builder = ContextInputs.builder();
    for (String item : spec.split(",")) {
      if (item.endsWith("*")) {
        String prefix = item.substring(0, item.length() - 1);
        for (TensorInfo input : graph.inputs()) {
          if (input.name().startsWith(prefix)) {
            builder.input(input.name());
          }
        }
      } else if (item.endsWith("]")) {
        String[] parts = item.substring(0, item.length() - 1).split("[\\[:]");
        builder.columns(parts[0], Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
      } else {
        builder.input(item);
      }
    }
    return builder.build();
  }

  private static void print(Report report) {
    System.out.println("applied: " + report.applied());
    report
        .refused()
        .forEach(
            refused -> System.out.println("refused: " + refused.what() + ": " + refused.reason()));
    System.out.println("hoisted: " + report.hoisted());
    System.out.println("before: " + report.before());
    System.out.println("after: " + report.after() + " row-independent: " + report.rowIndependent());
  }

  /** A session with pinned outputs. */
  private static final class Bare implements AutoCloseable {
    private final OnnxGraph graph;
    private final OrtSession session;

    Bare(OnnxGraph graph, Path folder) throws OrtException {
      this.graph = graph;
      OrtSession.SessionOptions options = new OrtSession.SessionOptions();
      options.setIntraOpNumThreads(1);
      options.setMemoryPatternOptimization(false);
      options.setSessionLogLevel(ai.onnxruntime.OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);
      options.addConfigEntry(
          "session.model_external_initializers_file_folder_path", folder.toString());
      session = ENVIRONMENT.createSession(graph.toBytes(), options);
    }

    Map<String, OnnxTensorLike> bind(Map<String, Runtime.Value> values) throws OrtException {
      Map<String, OnnxTensorLike> tensors = new HashMap<>();
      for (String name : session.getInputNames()) {
        Runtime.Value value = values.get(name);
        if (value != null) {
          tensors.put(name, tensor(value));
        }
      }
      return tensors;
    }

    private static OnnxTensor tensor(Runtime.Value value) throws OrtException {
      if (value.floats() != null) {
        var buffer =
            ByteBuffer.allocateDirect(4 * value.size())
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
        return OnnxTensor.createTensor(
            ENVIRONMENT, buffer.put(value.floats()).rewind(), value.shape());
      }
      var buffer =
          ByteBuffer.allocateDirect(8 * value.size()).order(ByteOrder.nativeOrder()).asLongBuffer();
      return OnnxTensor.createTensor(
          ENVIRONMENT, buffer.put(value.longs()).rewind(), value.shape());
    }

    Map<String, OnnxTensor> outputs(int rows) throws OrtException {
      Map<String, OnnxTensor> tensors = new HashMap<>();
      for (TensorInfo output : graph.outputs()) {
        long[] shape = output.shape().stream().mapToLong(dim -> dim < 0 ? rows : dim).toArray();
        int size = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        tensors.put(output.name(), empty(output, shape, size));
      }
      return tensors;
    }

    private static OnnxTensor empty(TensorInfo output, long[] shape, int size) throws OrtException {
      if (output.type() == ElementType.BOOL) {
        return OnnxTensor.createTensor(
            ENVIRONMENT, ByteBuffer.allocateDirect(size), shape, OnnxJavaType.BOOL);
      }
      return tensor(
          output.type() == ElementType.INT64
              ? Runtime.Value.of(shape, new long[size])
              : Runtime.Value.of(shape, new float[size]));
    }

    void run(Map<String, OnnxTensorLike> inputs, Map<String, OnnxTensor> outputs)
        throws OrtException {
      session.run(inputs, Set.of(), outputs).close();
    }

    @Override
    public void close() throws OrtException {
      session.close();
    }
  }
}
