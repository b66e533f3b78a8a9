package dev.podium.graph;

import dev.podium.graph.onnx.OnnxGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Makes random graphs of the kinds of operators that exporters write for ranking models, with
 * operators that mix rows or that the compiler does not know strewn in. Dimensions are positive
 * numbers, or -k for N times k.
 */
final class GraphGenerator {
  static final int IDS = 12;
  private static final int[] WIDTHS = {1, 2, 3, 4, 6};

  /** A tensor of the graph. */
  record Value(String name, List<Integer> shape) {
    int rank() {
      return shape.size();
    }

    int last() {
      return shape.get(shape.size() - 1);
    }

    /** Whether the rows, and nothing but rows, lie on the first axis and nowhere else. */
    boolean isRowsFirst() {
      return rank() > 0 && shape.get(0) == -1;
    }
  }

  /** A graph and what is known of its inputs. */
  record Generated(OnnxGraph graph, ContextInputs context, String description) {}

  private final Random random;
  private final TestGraph g;
  private final int opset;
  private final double strangeness;
  private final List<Value> values = new ArrayList<>();
  private final List<Value> ids = new ArrayList<>();
  private final Map<String, Integer> log = new TreeMap<>();

  /**
   * @param seed same seed, same graph
   * @param weightNoise relative size of a disturbance of all weights, to see how well-conditioned a
   *     graph is; 0 for none
   */
  GraphGenerator(long seed, double weightNoise) {
    this.random = new Random(seed);
    this.opset = List.of(13, 14, 17, 18).get(random.nextInt(4));
    this.g = new TestGraph(opset, seed, weightNoise);
    // Most graphs have nothing strange, so that the passes get to see much of them.
    this.strangeness = random.nextInt(3) == 0 ? 0.08 : 0;
  }

  Generated generate() {
    ContextInputs context = inputs();
    int steps = 4 + random.nextInt(14);
    for (int i = 0; i < steps; i++) {
      step();
    }
    int outputs = 1 + random.nextInt(2);
    for (int i = 0; i < outputs; i++) {
      Value value = values.get(Math.max(0, values.size() - 1 - i * (1 + random.nextInt(3))));
      if (i == 0 && random.nextBoolean() && value.isRowsFirst()) {
        value = unary(linear(flattened(value), 1), "Sigmoid");
      }
      String name = g.op("Identity", value.name());
      long[] shape = value.shape().stream().mapToLong(dim -> dim < 0 ? -1 : dim).toArray();
      g.output(name, shape);
    }
    return new Generated(g.build(), context, "opset " + opset + ", " + log);
  }

  private ContextInputs inputs() {
    ContextInputs.Builder context = ContextInputs.builder();
    int count = 2 + random.nextInt(4);
    int length = WIDTHS[1 + random.nextInt(4)];
    boolean anyCandidate = false;
    for (int i = 0; i < count; i++) {
      boolean shared = random.nextBoolean() && (anyCandidate || i + 1 < count);
      String name = (shared ? "user" : "item") + i;
      int width = WIDTHS[random.nextInt(WIDTHS.length)];
      switch (random.nextInt(5)) {
        case 0 -> ids.add(new Value(g.ids(name, -1), List.of(-1)));
        case 1 -> ids.add(new Value(g.ids(name, -1, length), List.of(-1, length)));
        case 2 -> values.add(new Value(g.floats(name, -1, width), List.of(-1, width)));
        case 3 ->
            values.add(new Value(g.floats(name, -1, length, width), List.of(-1, length, width)));
        default -> {
          int columns = 2 + random.nextInt(6);
          Value matrix = new Value(g.floats(name, -1, columns), List.of(-1, columns));
          matrixOfColumns(matrix);
          if (random.nextBoolean()) {
            int from = random.nextInt(columns - 1);
            context.columns(
                name,
                from,
                from + 1 + random.nextInt(columns - from - 1 == 0 ? 1 : columns - from - 1));
            shared = false;
          }
        }
      }
      anyCandidate |= !shared;
      if (shared) {
        context.input(name);
      }
    }
    for (Value id : List.copyOf(ids)) {
      embed(id, random.nextBoolean() ? 32 : 1 + random.nextInt(5));
    }
    if (values.isEmpty()) {
      values.add(new Value(g.floats("item_extra", -1, 3), List.of(-1, 3)));
    }
    return context.build();
  }

  /** Slices of a matrix of numbers, some of them ids, as DeepCTR-Torch writes them. */
  private void matrixOfColumns(Value matrix) {
    values.add(matrix);
    int column = random.nextInt(matrix.last());
    String slice = g.op("Slice", matrix.name(), g.longs(column), g.longs(column + 1), g.longs(1));
    String index = g.op("Cast", TestGraph.attribute("to", 7), slice);
    ids.add(new Value(index, List.of(-1, 1)));
  }

  private Value add(String kind, String name, List<Integer> shape) {
    log.merge(kind, 1, Integer::sum);
    Value value = new Value(name, List.copyOf(shape));
    values.add(value);
    return value;
  }

  private Value pick() {
    // Newer values first, so that graphs grow deep.
    int size = values.size();
    return values.get(size - 1 - Math.min(random.nextInt(size), random.nextInt(size)));
  }

  private void step() {
    if (random.nextDouble() < strangeness) {
      strange();
      return;
    }
    Value value = pick();
    switch (random.nextInt(27)) {
      case 0, 1 ->
          unary(
              value,
              List.of("Relu", "Sigmoid", "Tanh", "Neg", "Abs", "Softplus", "LeakyRelu")
                  .get(random.nextInt(7)));
      case 2, 3 -> binary(value);
      case 4, 5, 6 -> linear(value, WIDTHS[random.nextInt(WIDTHS.length)]);
      case 7, 8 -> concat(value);
      case 9 -> reshape(value);
      case 10 -> reduce(value);
      case 11 -> repeat(value);
      case 12 -> slice(value);
      case 13 -> transpose(value);
      case 14 -> softmax(value);
      case 15 -> normalise(value);
      case 16 -> dice(value);
      case 17, 18 -> attention();
      case 19 -> factorisation();
      case 20 -> masked(value);
      case 21, 22 -> fields();
      case 23, 24 -> innerProducts();
      case 25 -> joinedIds();
      default -> batchedProduct(value);
    }
  }

  private Value embed(Value id, int width) {
    List<Integer> shape = new ArrayList<>(id.shape());
    shape.add(width);
    return add("embed", g.embed(id.name(), IDS, width), shape);
  }

  private Value unary(Value value, String type) {
    return add(type, g.op(type, value.name()), value.shape());
  }

  private void binary(Value value) {
    String type = List.of("Add", "Sub", "Mul", "Max", "Min").get(random.nextInt(5));
    List<Value> fitting = new ArrayList<>();
    for (Value other : values) {
      if (broadcast(value.shape(), other.shape()) != null) {
        fitting.add(other);
      }
    }
    if (random.nextInt(3) == 0) {
      int rank = random.nextInt(Math.min(value.rank(), 3));
      List<Integer> shape = new ArrayList<>();
      for (int dim : value.shape().subList(value.rank() - rank, value.rank())) {
        shape.add(dim < 0 || random.nextInt(3) == 0 ? 1 : dim);
      }
      String weights = g.weights(0.7, shape.stream().mapToLong(Integer::longValue).toArray());
      add(
          type,
          random.nextBoolean()
              ? g.op(type, value.name(), weights)
              : g.op(type, weights, value.name()),
          value.shape());
    } else if (!fitting.isEmpty()) {
      Value other = fitting.get(random.nextInt(fitting.size()));
      add(type, g.op(type, value.name(), other.name()), broadcast(value.shape(), other.shape()));
    }
  }

  private static List<Integer> broadcast(List<Integer> a, List<Integer> b) {
    int rank = Math.max(a.size(), b.size());
    List<Integer> shape = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      int x = i < rank - a.size() ? 1 : a.get(i - (rank - a.size()));
      int y = i < rank - b.size() ? 1 : b.get(i - (rank - b.size()));
      if (x != y && x != 1 && y != 1) {
        return null;
      }
      shape.add(x == 1 ? y : x);
    }
    // A row axis on two sides of the result would be N by N.
    return shape.stream().filter(dim -> dim < 0).count() > 1 || rank > 4 ? null : shape;
  }

  private Value linear(Value value, int units) {
    if (value.rank() < 2 || value.last() < 1) {
      return value;
    }
    List<Integer> shape = new ArrayList<>(value.shape());
    int width = value.last();
    shape.set(shape.size() - 1, units);
    double scale = 1 / Math.sqrt(width);
    if (value.rank() == 2 && random.nextBoolean()) {
      boolean turned = random.nextBoolean();
      String weights = turned ? g.weights(scale, units, width) : g.weights(scale, width, units);
      return add(
          "Gemm",
          g.op(
              "Gemm",
              TestGraph.attribute("transB", turned ? 1 : 0),
              value.name(),
              weights,
              g.weights(0.3, units)),
          shape);
    }
    String product = g.op("MatMul", value.name(), g.weights(scale, width, units));
    return add(
        "MatMul",
        random.nextBoolean() ? g.op("Add", product, g.weights(0.3, units)) : product,
        shape);
  }

  private void concat(Value value) {
    int axis = random.nextInt(value.rank());
    if (value.shape().get(axis) < 0) {
      return;
    }
    List<String> parts = new ArrayList<>(List.of(value.name()));
    int length = value.shape().get(axis);
    for (int i = 0; i < 6; i++) {
      Value other = pick();
      if (other.rank() != value.rank()) {
        continue;
      }
      boolean fits = true;
      for (int j = 0; j < value.rank(); j++) {
        fits &= j == axis || value.shape().get(j).equals(other.shape().get(j));
      }
      if (fits) {
        parts.add(random.nextInt(parts.size() + 1), other.name());
        length += other.shape().get(axis);
      }
    }
    if (length <= 40) {
      add(
          "Concat",
          g.op(
              "Concat",
              TestGraph.attribute("axis", axis - (random.nextBoolean() ? value.rank() : 0)),
              parts.toArray(new String[0])),
          with(value.shape(), axis, length));
    }
  }

  private static List<Integer> with(List<Integer> shape, int axis, int dim) {
    List<Integer> changed = new ArrayList<>(shape);
    changed.set(axis, dim);
    return changed;
  }

  private Value flattened(Value value) {
    if (value.rank() == 2) {
      return value;
    }
    int size = 1;
    for (int dim : value.shape().subList(1, value.rank())) {
      size *= dim;
    }
    if (value.rank() == 1) {
      return add("Unsqueeze", g.op("Unsqueeze", value.name(), g.longs(1)), List.of(-1, 1));
    }
    String flat =
        random.nextBoolean()
            ? g.op("Flatten", TestGraph.attribute("axis", 1), value.name())
            : g.op("Reshape", value.name(), g.longs(random.nextBoolean() ? -1 : 0, size));
    return add("Flatten", flat, List.of(-1, size));
  }

  private void reshape(Value value) {
    if (!value.isRowsFirst()) {
      int first = value.shape().get(0);
      if (first < -1 && value.rank() == 2) {
        // Back from [N·k, d], by a length computed the way exporters do.
        add(
            "Reshape",
            g.op("Reshape", value.name(), g.longs(-1, -first, value.last())),
            List.of(-1, -first, value.last()));
      }
      return;
    }
    switch (random.nextInt(4)) {
      case 0 -> flattened(value);
      case 1 -> {
        int axis = 1 + random.nextInt(value.rank());
        List<Integer> shape = new ArrayList<>(value.shape());
        shape.add(axis, 1);
        if (shape.size() <= 4) {
          add("Unsqueeze", g.op("Unsqueeze", value.name(), g.longs(axis)), shape);
        }
      }
      case 2 -> {
        if (value.rank() == 3) {
          add(
              "Reshape",
              g.op("Reshape", value.name(), g.longs(-1, value.last())),
              List.of(-value.shape().get(1), value.last()));
        }
      }
      default -> {
        for (int axis = 1; axis < value.rank(); axis++) {
          if (value.shape().get(axis) == 1) {
            List<Integer> shape = new ArrayList<>(value.shape());
            shape.remove(axis);
            add("Squeeze", g.op("Squeeze", value.name(), g.longs(axis)), shape);
            return;
          }
        }
      }
    }
  }

  private void reduce(Value value) {
    if (value.rank() < 2) {
      return;
    }
    int axis = random.nextInt(value.rank());
    if (value.shape().get(axis) < 0) {
      return;
    }
    String type =
        List.of("ReduceSum", "ReduceMean", "ReduceMax", "ReduceSumSquare").get(random.nextInt(4));
    boolean keep = random.nextBoolean();
    List<Integer> shape = with(value.shape(), axis, 1);
    if (!keep) {
      shape.remove(axis);
    }
    add(type, reduced(type, value.name(), axis, keep), shape);
  }

  private String reduced(String type, String value, int axis, boolean keep) {
    var keepdims = TestGraph.attribute("keepdims", keep ? 1 : 0);
    return opset >= 18 || type.equals("ReduceSum")
        ? g.op(type, keepdims, value, g.longs(axis))
        : g.op(type, List.of(TestGraph.attribute("axes", new long[] {axis}), keepdims), value);
  }

  private void repeat(Value value) {
    for (int axis = 0; axis < value.rank(); axis++) {
      if (value.shape().get(axis) == 1) {
        int times = 2 + random.nextInt(3);
        List<Integer> shape = with(value.shape(), axis, times);
        long[] target = new long[value.rank()];
        java.util.Arrays.fill(target, 1);
        target[axis] = times;
        if (random.nextBoolean()) {
          add("Tile", g.op("Tile", value.name(), g.longs(target)), shape);
        } else if (random.nextBoolean() || !value.isRowsFirst()) {
          add("Expand", g.op("Expand", value.name(), g.longs(target)), shape);
        } else {
          // The shape of the value itself, with one entry changed, computed in the graph.
          String whole = g.op("Shape", value.name());
          String rows =
              g.op(
                  "Gather",
                  TestGraph.attribute("axis", 0),
                  whole,
                  g.longs(new long[] {0}, new long[] {1}));
          List<String> parts = new ArrayList<>(List.of(rows));
          for (int i = 1; i < value.rank(); i++) {
            parts.add(g.longs(i == axis ? times : value.shape().get(i)));
          }
          String computed =
              g.op("Concat", TestGraph.attribute("axis", 0), parts.toArray(new String[0]));
          add("Expand", g.op("Expand", value.name(), computed), shape);
        }
        return;
      }
    }
    int axis = value.rank() - 1;
    if (value.shape().get(axis) > 0 && value.shape().get(axis) < 8) {
      long[] times = new long[value.rank()];
      java.util.Arrays.fill(times, 1);
      times[axis] = 2;
      add(
          "Tile",
          g.op("Tile", value.name(), g.longs(times)),
          with(value.shape(), axis, 2 * value.shape().get(axis)));
    }
  }

  private void slice(Value value) {
    int axis = random.nextInt(value.rank());
    int length = value.shape().get(axis);
    if (length < 2) {
      return;
    }
    switch (random.nextInt(3)) {
      case 0 -> {
        int from = random.nextInt(length);
        int to = from + 1 + random.nextInt(length - from);
        long end = to == length && random.nextBoolean() ? Long.MAX_VALUE : to;
        add(
            "Slice",
            g.op("Slice", value.name(), g.longs(from), g.longs(end), g.longs(axis)),
            with(value.shape(), axis, to - from));
      }
      case 1 -> {
        int first = 1 + random.nextInt(length - 1);
        List<String> parts =
            g.node(
                "Split",
                2,
                List.of(TestGraph.attribute("axis", axis)),
                value.name(),
                g.longs(first, length - first));
        add("Split", parts.get(0), with(value.shape(), axis, first));
        add("Split", parts.get(1), with(value.shape(), axis, length - first));
      }
      default -> {
        if (random.nextBoolean()) {
          List<Integer> shape = new ArrayList<>(value.shape());
          shape.remove(axis);
          add(
              "Gather",
              g.op(
                  "Gather",
                  TestGraph.attribute("axis", axis),
                  value.name(),
                  g.longs(new long[] {random.nextInt(length)}, new long[0])),
              shape);
        } else {
          long[] chosen = {random.nextInt(length), random.nextInt(length), random.nextInt(length)};
          add(
              "Gather",
              g.op("Gather", TestGraph.attribute("axis", axis), value.name(), g.longs(chosen)),
              with(value.shape(), axis, 3));
        }
      }
    }
  }

  private void transpose(Value value) {
    if (value.rank() < 2) {
      return;
    }
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < value.rank(); i++) {
      order.add(i);
    }
    if (random.nextInt(3) > 0 && value.rank() > 2) {
      java.util.Collections.swap(order, value.rank() - 1, value.rank() - 2);
    } else {
      java.util.Collections.shuffle(order, random);
    }
    if (order.equals(order.stream().sorted().toList())) {
      // ONNX Runtime 1.29 takes a Transpose that moves nothing for one of a matrix when it fuses it
      // with Gemm.
      return;
    }
    List<Integer> shape = order.stream().map(value.shape()::get).toList();
    add(
        "Transpose",
        g.op(
            "Transpose",
            TestGraph.attribute("perm", order.stream().mapToLong(i -> i).toArray()),
            value.name()),
        shape);
  }

  private void softmax(Value value) {
    int axis = 1 + random.nextInt(Math.max(1, value.rank() - 1));
    if (axis < value.rank() && value.shape().get(axis) > 0) {
      add(
          "Softmax",
          g.op("Softmax", TestGraph.attribute("axis", axis), value.name()),
          value.shape());
    }
  }

  private void normalise(Value value) {
    if (value.rank() < 2 || value.last() < 1) {
      return;
    }
    if (opset >= 17 && random.nextBoolean()) {
      add(
          "LayerNormalization",
          g.op(
              "LayerNormalization",
              List.of(TestGraph.attribute("axis", -1), TestGraph.attribute("epsilon", 0.1f)),
              value.name(),
              g.weights(0.5, value.last()),
              g.weights(0.5, value.last())),
          value.shape());
    } else if (value.shape().get(1) > 0) {
      add("BatchNormalization", batchNormalised(value.name(), value.shape().get(1)), value.shape());
    }
  }

  private String batchNormalised(String value, int channels) {
    float[] variance = new float[channels];
    for (int i = 0; i < channels; i++) {
      variance[i] = 0.5f + random.nextFloat();
    }
    return g.op(
        "BatchNormalization",
        value,
        g.weights(0.5, channels),
        g.weights(0.5, channels),
        g.weights(0.5, channels),
        g.constant(variance, channels));
  }

  /** Both forms of Dice: by the row's own units, and by running statistics. */
  private Value dice(Value value) {
    if (value.rank() < 2 || value.last() < 2) {
      return value;
    }
    int axis = value.rank() - 1;
    String x = value.name();
    String z;
    if (random.nextInt(4) > 0) {
      String centred = g.op("Sub", x, reduced("ReduceMean", x, axis, true));
      String squares = g.op("Add", g.op("Pow", centred, g.scalar(2)), g.scalar(0.05f));
      z = g.op("Div", centred, g.op("Sqrt", reduced("ReduceSum", squares, axis, true)));
    } else {
      z =
          value.rank() == 2
              ? batchNormalised(x, value.last())
              : g.op(
                  "Mul",
                  g.op("Add", x, g.weights(0.5, value.last())),
                  g.weights(0.7, value.last()));
    }
    String p = g.op("Sigmoid", z);
    String alpha = random.nextBoolean() ? g.weights(0.3, 1) : g.weights(0.3, value.last());
    String rest = g.op("Mul", g.op("Mul", g.op("Sub", g.scalar(1), p), alpha), x);
    return add("Dice", g.op("Add", g.op("Mul", p, x), rest), value.shape());
  }

  private Value find(int rank) {
    for (int i = 0; i < 12; i++) {
      Value value = values.get(random.nextInt(values.size()));
      if (value.isRowsFirst() && value.rank() == rank) {
        return value;
      }
    }
    return null;
  }

  /** Target attention as DIN's authors and imitators write it. */
  private void attention() {
    Value history = find(3);
    Value target = find(2);
    if (history == null || target == null) {
      return;
    }
    int length = history.shape().get(1);
    int width = history.last();
    String t = target.last() == width ? target.name() : linear(target, width).name();
    t = g.op("Unsqueeze", t, g.longs(1));
    String spread =
        random.nextBoolean()
            ? g.op("Expand", t, g.longs(1, length, 1))
            : g.op("Tile", t, g.longs(1, length, 1));
    String h = history.name();
    List<String> blocks =
        new ArrayList<>(
            List.of(
                spread,
                h,
                g.op("Sub", spread, h),
                g.op("Mul", random.nextBoolean() ? spread : t, h)));
    java.util.Collections.shuffle(blocks, random);
    blocks = blocks.subList(0, 2 + random.nextInt(3));
    String crossed = g.op("Concat", TestGraph.attribute("axis", -1), blocks.toArray(new String[0]));
    int columns = blocks.size() * width;
    int units = random.nextInt(3) == 0 ? 8 : WIDTHS[1 + random.nextInt(4)];
    Value hidden;
    boolean flat = random.nextBoolean();
    if (flat) {
      crossed = g.op("Reshape", crossed, g.longs(-1, columns));
      hidden = linear(new Value(crossed, List.of(-length, columns)), units);
    } else {
      hidden = linear(new Value(crossed, List.of(-1, length, columns)), units);
    }
    hidden =
        switch (random.nextInt(6)) {
          case 0, 4, 5 -> dice(hidden);
          case 1 ->
              add("PRelu", g.op("PRelu", hidden.name(), g.weights(0.3, units)), hidden.shape());
          case 2 -> unary(hidden, "Relu");
          default -> unary(hidden, "Sigmoid");
        };
    if (random.nextInt(3) == 0) {
      hidden = unary(linear(hidden, WIDTHS[1 + random.nextInt(4)]), "Tanh");
    }
    String weights = linear(hidden, 1).name();
    weights = g.op("Reshape", weights, g.longs(-1, length));
    if (random.nextInt(3) == 0) {
      weights = g.op("Softmax", TestGraph.attribute("axis", -1), weights);
    }
    String pooled;
    if (random.nextBoolean()) {
      String product = g.op("Mul", g.op("Unsqueeze", weights, g.longs(-1)), h);
      pooled = reduced("ReduceSum", product, 1, false);
    } else {
      pooled =
          g.op("Squeeze", g.op("MatMul", g.op("Unsqueeze", weights, g.longs(1)), h), g.longs(1));
    }
    add("attention", pooled, List.of(-1, width));
  }

  /** The sum of the pairwise products of fields, by way of the square of the sum. */
  private void factorisation() {
    List<Value> fields =
        values.stream().filter(value -> value.isRowsFirst() && value.rank() == 2).toList();
    if (fields.size() < 2) {
      return;
    }
    Value first = fields.get(random.nextInt(fields.size()));
    List<String> parts = new ArrayList<>();
    for (Value field : fields) {
      if (field.last() == first.last() && parts.size() < 5) {
        parts.add(g.op("Unsqueeze", field.name(), g.longs(1)));
      }
    }
    String stacked = g.op("Concat", TestGraph.attribute("axis", 1), parts.toArray(new String[0]));
    add("stack", stacked, List.of(-1, parts.size(), first.last()));
    String square = g.op("Pow", reduced("ReduceSum", stacked, 1, false), g.scalar(2));
    String squares = reduced("ReduceSum", g.op("Pow", stacked, g.scalar(2)), 1, false);
    String pairs = reduced("ReduceSum", g.op("Sub", square, squares), 1, true);
    add("FM", g.op("Mul", pairs, g.scalar(0.5f)), List.of(-1, 1));
  }

  /** Embeddings of single ids side by side, some of one table. */
  private void fields() {
    List<Value> single = new ArrayList<>();
    ids.stream().filter(id -> id.rank() == 1 || id.last() == 1).forEach(single::add);
    if (single.isEmpty()) {
      return;
    }
    int width = 1 + random.nextInt(8);
    int count = 4 + random.nextInt(4);
    String stacked =
        random.nextInt(3) == 0 ? shared(single, count, width) : each(single, count, width);
    add("fields", stacked, List.of(-1, count, width));
    if (random.nextBoolean()) {
      String flat = g.op("Reshape", stacked, g.longs(-1, (long) count * width));
      Value joined = add("fields", flat, List.of(-1, count * width));
      if (random.nextBoolean()) {
        linear(joined, WIDTHS[random.nextInt(WIDTHS.length)]);
      }
    } else if (random.nextBoolean()) {
      add("fields", reduced("ReduceSum", stacked, 1, false), List.of(-1, width));
    }
  }

  /** One look-up each. */
  private String each(List<Value> single, int count, int width) {
    String table = null;
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Value id = single.get(random.nextInt(single.size()));
      if (table == null || random.nextInt(3) > 0) {
        table = g.weights(0.7, IDS + i, width);
      }
      String row = g.op("Gather", table, id.name());
      parts.add(g.op("Reshape", row, g.longs(-1, 1, width)));
    }
    return g.op("Concat", TestGraph.attribute("axis", 1), parts.toArray(new String[0]));
  }

  /** One look-up in a table of all fields, each of which begins somewhere in it. */
  private String shared(List<Value> single, int count, int width) {
    List<String> parts = new ArrayList<>();
    long[] starts = new long[count];
    for (int i = 0; i < count; i++) {
      Value id = single.get(random.nextInt(single.size()));
      parts.add(g.op("Reshape", id.name(), g.longs(-1, 1)));
      starts[i] = (long) i * IDS;
    }
    String joined = g.op("Concat", TestGraph.attribute("axis", 1), parts.toArray(new String[0]));
    String rows = g.op("Add", joined, g.longs(starts, new long[] {1, count}));
    return g.op("Gather", g.weights(0.7, count * IDS, width), rows);
  }

  /** Inner products of pairs of stacked vectors, which are picked, joined or found among all. */
  private void innerProducts() {
    List<Value> stacks =
        values.stream()
            .filter(value -> value.isRowsFirst() && value.rank() == 3 && value.shape().get(1) > 1)
            .toList();
    if (stacks.isEmpty()) {
      return;
    }
    Value stack = stacks.get(random.nextInt(stacks.size()));
    int count = stack.shape().get(1);
    int pairs = 1 + random.nextInt(6);
    long[] first = random.longs(pairs, 0, count).toArray();
    long[] second = random.longs(pairs, -count, count).toArray();
    var axis = TestGraph.attribute("axis", 1);
    String products;
    if (random.nextBoolean()) {
      String turned = g.op("Transpose", TestGraph.attribute("perm", 0, 2, 1), stack.name());
      String all = g.op("MatMul", stack.name(), turned);
      String flat = g.op("Reshape", all, g.longs(-1, (long) count * count));
      long[] entries = new long[pairs];
      for (int i = 0; i < pairs; i++) {
        entries[i] = first[i] * count + Math.floorMod(second[i], count);
      }
      products = g.op("Gather", axis, flat, g.longs(entries));
    } else {
      String left = g.op("Gather", axis, stack.name(), g.longs(first));
      String right = g.op("Gather", axis, stack.name(), g.longs(second));
      products = reduced("ReduceSum", g.op("Mul", left, right), 2, false);
    }
    Value value = add("inner products", products, List.of(-1, pairs));
    if (random.nextBoolean()) {
      linear(value, WIDTHS[random.nextInt(WIDTHS.length)]);
    }
  }

  /** Ids joined along the positions, looked up together, and taken apart again. */
  private void joinedIds() {
    List<Value> sequences = ids.stream().filter(id -> id.rank() == 2).toList();
    if (sequences.size() < 2) {
      return;
    }
    Value first = sequences.get(random.nextInt(sequences.size()));
    Value second = sequences.get(random.nextInt(sequences.size()));
    int length = first.last() + second.last();
    int width = WIDTHS[random.nextInt(WIDTHS.length)];
    String joined = g.op("Concat", TestGraph.attribute("axis", 1), first.name(), second.name());
    String looked =
        g.op("GatherND", g.weights(0.7, IDS, width), g.op("Unsqueeze", joined, g.longs(-1)));
    Value whole = add("joined", looked, List.of(-1, length, width));
    if (random.nextBoolean()) {
      whole = unary(linear(whole, WIDTHS[random.nextInt(WIDTHS.length)]), "Tanh");
    }
    List<String> parts =
        g.node(
            "Split",
            2,
            List.of(TestGraph.attribute("axis", 1)),
            whole.name(),
            g.longs(first.last(), second.last()));
    add("joined", parts.get(0), List.of(-1, first.last(), whole.last()));
    add("joined", parts.get(1), List.of(-1, second.last(), whole.last()));
  }

  /** A value kept only where an id is not the padding id. */
  private void masked(Value value) {
    if (ids.isEmpty() || !value.isRowsFirst()) {
      return;
    }
    Value id = ids.get(random.nextInt(ids.size()));
    String mask = g.op("Equal", id.name(), g.longs(new long[] {0}, new long[] {1}));
    List<Integer> shape = new ArrayList<>(id.shape());
    while (shape.size() < value.rank()) {
      mask = g.op("Unsqueeze", mask, g.longs(shape.size()));
      shape.add(1);
    }
    List<Integer> common = broadcast(shape, value.shape());
    if (common == null) {
      return;
    }
    if (random.nextBoolean()) {
      add("Where", g.op("Where", mask, g.scalar(-3), value.name()), common);
    } else {
      String kept = g.op("Cast", TestGraph.attribute("to", 1), g.op("Not", mask));
      add("mask", g.op("Mul", value.name(), kept), common);
    }
  }

  private void batchedProduct(Value value) {
    Value other = find(3);
    if (other == null
        || value.rank() != 3
        || !value.isRowsFirst()
        || value.last() != other.last()) {
      return;
    }
    String turned = g.op("Transpose", TestGraph.attribute("perm", 0, 2, 1), other.name());
    add(
        "MatMul by rows",
        g.op("MatMul", value.name(), turned),
        List.of(-1, value.shape().get(1), other.shape().get(1)));
  }

  /** What the compiler must leave alone. */
  private void strange() {
    Value value = pick();
    if (!value.isRowsFirst()) {
      return;
    }
    switch (random.nextInt(7)) {
      case 0 ->
          add(
              "sum of rows",
              g.op("Add", value.name(), reduced("ReduceMean", value.name(), 0, true)),
              value.shape());
      case 1 ->
          add(
              "Softmax of rows",
              g.op("Softmax", TestGraph.attribute("axis", 0), value.name()),
              value.shape());
      case 2 ->
          add(
              "CumSum",
              g.op("CumSum", value.name(), g.longs(new long[] {value.rank() - 1}, new long[0])),
              value.shape());
      case 3 ->
          add(
              "CumSum of rows",
              g.op("CumSum", value.name(), g.longs(new long[] {0}, new long[0])),
              value.shape());
      case 4 -> {
        if (value.rank() == 2) {
          add(
              "Einsum",
              g.op("Einsum", TestGraph.text("equation", "nd,nd->n"), value.name(), value.name()),
              List.of(-1));
        }
      }
      case 5 -> {
        if (value.rank() == 2) {
          String gram =
              g.op(
                  "MatMul",
                  value.name(),
                  g.op("Transpose", TestGraph.attribute("perm", 1, 0), value.name()));
          add("rows by rows", g.op("MatMul", g.op("Tanh", gram), value.name()), value.shape());
        }
      }
      default -> add("If", g.either(value.name(), value.rank()), value.shape());
    }
  }
}
