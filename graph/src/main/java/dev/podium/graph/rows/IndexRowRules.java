package dev.podium.graph.rows;

import dev.podium.graph.rows.RowRule.Call;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Operators that look elements up, or put them, by positions which are data. Where a position is
 * known, its element's set is taken; where it is data, it may be any of the axis.
 */
final class IndexRowRules {
  private IndexRowRules() {}

  static Map<String, RowRule> rules() {
    Map<String, RowRule> rules = new HashMap<>();
    rules.put("Gather", IndexRowRules::gather);
    rules.put("GatherElements", IndexRowRules::gatherElements);
    rules.put("GatherND", IndexRowRules::gatherNd);
    rules.put("ScatterND", IndexRowRules::scatterNd);
    rules.put("ScatterElements", IndexRowRules::scatterElements);
    rules.put("Scatter", IndexRowRules::scatterElements);
    rules.put("OneHot", IndexRowRules::oneHot);
    rules.put("ReverseSequence", IndexRowRules::reverseSequence);
    rules.put(RowRules.ML + "ArrayFeatureExtractor", IndexRowRules::arrayFeatures);
    return rules;
  }

  /**
   * What positions add to what stands there. A known position along the rows adds nothing: which
   * row is meant can be seen from the set that stands there. Elsewhere it is a value like any
   * other.
   */
  private static Dependence positions(Traced indices, boolean alongRows) {
    if (!alongRows || indices.values() == null) {
      return indices.rows();
    }
    Dependence rows = indices.rows();
    int[] cells = rows.sets().cells().clone();
    for (int i = 0; i < cells.length; i++) {
      cells[i] &= ~RowTrace.COUNT;
    }
    return new Dependence(rows.shape(), new Grid(rows.sets().shape(), cells));
  }

  private static boolean isKnown(Traced indices) {
    return indices.values() != null && Arrays.stream(indices.values()).noneMatch(Double::isNaN);
  }

  private static int wrapped(double index, int length) {
    double from = index < 0 ? index + length : index;
    if (from < 0 || from >= length) {
      throw new Untraceable("index " + (long) index + " of an axis of " + length);
    }
    return (int) from;
  }

  private static List<Traced> gather(Call call) {
    Traced data = call.in(0);
    Traced indices = call.in(1);
    int axis = data.axis(call.integer("axis", 0));
    int length = data.shape()[axis];
    int count = Grid.size(indices.shape());
    Traced taken;
    if (isKnown(indices)) {
      int[] at = Arrays.stream(indices.values()).mapToInt(i -> wrapped(i, length)).toArray();
      taken = data.take(axis, at, 0);
    } else {
      taken = Traced.of(data.rows().along(axis)).take(axis, new int[count], 0);
    }
    int[] shape = new int[data.rank() - 1 + indices.rank()];
    System.arraycopy(data.shape(), 0, shape, 0, axis);
    System.arraycopy(indices.shape(), 0, shape, axis, indices.rank());
    System.arraycopy(data.shape(), axis + 1, shape, axis + indices.rank(), data.rank() - 1 - axis);
    taken = taken.reshape(shape);
    // The indices' axes stand where the looked-up axis was.
    Dependence at = positions(indices, call.varies(0, axis));
    int[] aligned = new int[indices.rank() + data.rank() - 1 - axis];
    Arrays.fill(aligned, 1);
    System.arraycopy(indices.shape(), 0, aligned, 0, indices.rank());
    Dependence rows = Dependence.union(List.of(taken.rows(), at.reshape(aligned)));
    return List.of(Traced.of(rows, taken.values()));
  }

  private static List<Traced> gatherElements(Call call) {
    Traced data = call.in(0);
    Traced indices = call.in(1);
    int axis = data.axis(call.integer("axis", 0));
    Dependence found = data.rows().along(axis);
    for (int other = 0; other < data.rank(); other++) {
      int[] first = IntStream.range(0, indices.shape()[other]).toArray();
      found = found.take(other, other == axis ? new int[first.length] : first, 0);
    }
    return List.of(
        Traced.of(Dependence.union(List.of(found, positions(indices, call.varies(0, axis))))));
  }

  private static List<Traced> gatherNd(Call call) {
    Traced data = call.in(0);
    Traced indices = call.in(1);
    int batch = (int) call.integer("batch_dims", 0);
    int tuple = indices.shape()[indices.rank() - 1];
    // What is looked up by data may be anywhere along its axis.
    boolean[] anywhere = new boolean[data.rank()];
    boolean[] component = new boolean[tuple];
    for (int i = 0; i < tuple; i++) {
      component[i] = isKnown(indices.take(indices.rank() - 1, new int[] {i}, 0));
      anywhere[batch + i] = !component[i];
    }
    Dependence sets = data.rows().along(anywhere);
    int[] lead = Arrays.copyOf(indices.shape(), indices.rank() - 1);
    int[] rest = Arrays.copyOfRange(data.shape(), batch + tuple, data.rank());
    int[] shape = Arrays.copyOf(lead, lead.length + rest.length);
    System.arraycopy(rest, 0, shape, lead.length, rest.length);
    int inner = Grid.size(rest);
    int tuples = Grid.size(lead);
    int perBatch = tuples / Math.max(1, Grid.size(Arrays.copyOf(lead, batch)));
    int[] all = sets.sets().broadcast(data.shape()).cells();
    int[] strides = Grid.strides(data.shape());
    int block = batch == 0 ? 0 : strides[batch - 1];
    int[] out = new int[Grid.size(shape)];
    for (int t = 0; t < tuples; t++) {
      int from = t / perBatch * block;
      for (int i = 0; i < tuple; i++) {
        if (component[i]) {
          double index = indices.values()[t * tuple + i];
          from += wrapped(index, data.shape()[batch + i]) * strides[batch + i];
        }
      }
      System.arraycopy(all, from, out, t * inner, inner);
    }
    Dependence found = new Dependence(shape, new Grid(shape, out));
    for (int i = 0; i < tuple; i++) {
      Traced one = indices.take(indices.rank() - 1, new int[] {i}, 0);
      Dependence at = positions(one, component[i] && call.varies(0, batch + i));
      int[] aligned = new int[shape.length];
      Arrays.fill(aligned, 1);
      System.arraycopy(lead, 0, aligned, 0, lead.length);
      found = Dependence.union(List.of(found, at.reshape(aligned)));
    }
    return List.of(Traced.of(found));
  }

  private static List<Traced> scatterNd(Call call) {
    Traced data = call.in(0);
    Traced indices = call.in(1);
    Traced updates = call.in(2);
    if (!isKnown(indices)) {
      return List.of(anywhere(data, indices, updates));
    }
    int tuple = indices.shape()[indices.rank() - 1];
    int[] strides = Grid.strides(data.shape());
    int inner = Grid.size(Arrays.copyOfRange(data.shape(), tuple, data.rank()));
    int[] out = data.rows().sets().broadcast(data.shape()).cells().clone();
    int[] from = updates.rows().sets().broadcast(updates.shape()).cells();
    boolean alongRows = false;
    for (int i = 0; i < tuple; i++) {
      alongRows |= call.varies(0, i);
    }
    int set = positions(indices, alongRows).all();
    boolean overwrites = call.text("reduction", "none").equals("none");
    for (int t = 0; t < (inner == 0 ? 0 : from.length / inner); t++) {
      int at = 0;
      for (int i = 0; i < tuple; i++) {
        at += wrapped(indices.values()[t * tuple + i], data.shape()[i]) * strides[i];
      }
      for (int i = 0; i < inner; i++) {
        out[at + i] = from[t * inner + i] | (overwrites ? 0 : out[at + i]);
      }
    }
    return List.of(Traced.of(compacted(data.shape(), out).with(set)));
  }

  /** Axes along which all is the same are found by reshaping to the same shape. */
  private static Dependence compacted(int[] shape, int[] cells) {
    Dependence full = new Dependence(shape, new Grid(shape, cells));
    return full.reshape(shape);
  }

  private static Traced anywhere(Traced data, Traced indices, Traced updates) {
    return Traced.of(data.rows().with(indices.all() | updates.all()));
  }

  private static List<Traced> scatterElements(Call call) {
    Traced data = call.in(0);
    Traced indices = call.in(1);
    Traced updates = call.in(2);
    int axis = data.axis(call.integer("axis", 0));
    // Along the axis an update may land anywhere; along the others it stays where it is.
    Dependence landed = Dependence.union(List.of(indices.rows(), updates.rows())).along(axis);
    for (int other = 0; other < data.rank(); other++) {
      int there = indices.shape()[other];
      int[] from = new int[data.shape()[other]];
      for (int i = 0; i < from.length; i++) {
        from[i] = other == axis ? 0 : i < there ? i : -1;
      }
      landed = landed.take(other, from, 0);
    }
    return List.of(Traced.of(Dependence.union(List.of(data.rows(), landed))));
  }

  private static List<Traced> oneHot(Call call) {
    Traced indices = call.in(0);
    int depth = Math.toIntExact(call.in(1).wholeNumbers("the depth")[0]);
    long given = call.integer("axis", -1);
    int axis = (int) (given < 0 ? given + indices.rank() + 1 : given);
    List<Integer> shape = new ArrayList<>();
    for (int dim : indices.shape()) {
      shape.add(dim);
    }
    shape.add(axis, 1);
    int[] one = shape.stream().mapToInt(Integer::intValue).toArray();
    Dependence rows = indices.rows().withOnes(one).take(axis, new int[depth], 0);
    return List.of(Traced.of(rows.with(call.in(1).all() | call.in(2).all())));
  }

  private static List<Traced> reverseSequence(Call call) {
    Traced data = call.in(0);
    int time = (int) call.integer("time_axis", 0);
    int batch = (int) call.integer("batch_axis", 1);
    int[] aligned = new int[data.rank()];
    Arrays.fill(aligned, 1);
    aligned[batch] = data.shape()[batch];
    Dependence lengths = call.in(1).rows().withOnes(aligned);
    return List.of(Traced.of(Dependence.union(List.of(data.rows().along(time), lengths))));
  }

  private static List<Traced> arrayFeatures(Call call) {
    Traced data = call.in(0);
    Traced indices = call.in(1);
    int axis = data.rank() - 1;
    int count = Grid.size(indices.shape());
    Traced taken =
        isKnown(indices)
            ? data.take(
                axis,
                Arrays.stream(indices.values())
                    .mapToInt(i -> wrapped(i, data.shape()[axis]))
                    .toArray(),
                0)
            : Traced.of(data.rows().along(axis)).take(axis, new int[count], 0);
    return List.of(Traced.of(taken.rows()).with(positions(indices, call.varies(0, axis)).all()));
  }
}
