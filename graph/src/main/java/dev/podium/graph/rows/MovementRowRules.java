package dev.podium.graph.rows;

import dev.podium.graph.rows.RowRule.Call;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Operators that move elements to places that their shapes decide, and those that make shapes. */
final class MovementRowRules {
  private MovementRowRules() {}

  static Map<String, RowRule> rules() {
    Map<String, RowRule> rules = new HashMap<>();
    rules.put("Constant", MovementRowRules::constant);
    rules.put("Shape", MovementRowRules::shape);
    rules.put("Size", MovementRowRules::size);
    rules.put("ConstantOfShape", MovementRowRules::constantOfShape);
    rules.put("Range", MovementRowRules::range);
    rules.put("Reshape", MovementRowRules::reshape);
    rules.put("Flatten", MovementRowRules::flatten);
    rules.put("Squeeze", MovementRowRules::squeeze);
    rules.put("Unsqueeze", MovementRowRules::unsqueeze);
    rules.put("Transpose", MovementRowRules::transpose);
    rules.put("Expand", MovementRowRules::expand);
    rules.put("Tile", MovementRowRules::tile);
    rules.put("Concat", MovementRowRules::concat);
    rules.put("Split", MovementRowRules::split);
    rules.put("Slice", MovementRowRules::slice);
    rules.put("Pad", MovementRowRules::pad);
    rules.put("EyeLike", MovementRowRules::placed);
    rules.put("Trilu", MovementRowRules::placed);
    rules.put("NonZero", MovementRowRules::nonZero);
    return rules;
  }

  private static List<Traced> constant(Call call) {
    if (call.attribute("value") != null) {
      return List.of(Constants.traced(call.attribute("value").getT()));
    }
    if (call.attribute("value_int") != null) {
      return List.of(Constants.scalar(call.integer("value_int", 0)));
    }
    if (call.attribute("value_float") != null) {
      return List.of(Constants.scalar(call.attribute("value_float").getF()));
    }
    if (call.attribute("value_ints") != null) {
      return List.of(
          Constants.list(Arrays.stream(call.integers("value_ints")).asDoubleStream().toArray()));
    }
    if (call.attribute("value_floats") != null) {
      return List.of(
          Constants.list(
              call.attribute("value_floats").getFloatsList().stream()
                  .mapToDouble(Float::doubleValue)
                  .toArray()));
    }
    if (call.attribute("value_string") != null) {
      return List.of(Traced.of(Dependence.same(new int[0], 0)));
    }
    if (call.attribute("value_strings") != null) {
      int length = call.attribute("value_strings").getStringsCount();
      return List.of(Traced.of(Dependence.same(new int[] {length}, 0)));
    }
    throw new Untraceable("a constant of a kind that is not known");
  }

  private static List<Traced> shape(Call call) {
    Traced input = call.in(0);
    int start = clamp(call.integer("start", 0), input.rank());
    int end = Math.max(start, clamp(call.integer("end", input.rank()), input.rank()));
    List<Traced> dims = new ArrayList<>();
    for (int axis = start; axis < end; axis++) {
      Traced dim = Constants.list(input.shape()[axis]);
      dims.add(dim.with(call.varies(0, axis) ? RowTrace.COUNT : 0));
    }
    return List.of(dims.isEmpty() ? Constants.list() : Traced.concat(dims, 0));
  }

  private static int clamp(long index, int length) {
    return (int) Math.max(0, Math.min(length, index < 0 ? index + length : index));
  }

  private static List<Traced> size(Call call) {
    double size = 1;
    boolean varies = false;
    for (int axis = 0; axis < call.in(0).rank(); axis++) {
      size *= call.in(0).shape()[axis];
      varies |= call.varies(0, axis);
    }
    return List.of(Constants.scalar(size).with(varies ? RowTrace.COUNT : 0));
  }

  private static List<Traced> constantOfShape(Call call) {
    int[] shape = shape(call.in(0), "the shape");
    Traced value =
        call.attribute("value") == null
            ? Constants.scalar(0)
            : Constants.traced(call.attribute("value").getT()).reshape(new int[0]);
    return List.of(value.broadcast(shape));
  }

  private static int[] shape(Traced tensor, String what) {
    return Arrays.stream(tensor.wholeNumbers(what)).mapToInt(Math::toIntExact).toArray();
  }

  private static List<Traced> range(Call call) {
    double[] bounds = new double[3];
    int set = 0;
    for (int i = 0; i < 3; i++) {
      double[] value = call.in(i).values();
      if (value == null || value.length != 1 || Double.isNaN(value[0])) {
        throw new Untraceable("a bound is computed from data");
      }
      bounds[i] = value[0];
      set |= call.in(i).all();
    }
    int length = (int) Math.max(0, Math.ceil((bounds[1] - bounds[0]) / bounds[2]));
    int[] shape = {length};
    double[] values = new double[Grid.size(shape)];
    Arrays.setAll(values, i -> bounds[0] + i * bounds[2]);
    return List.of(Traced.of(Dependence.same(shape, set), values));
  }

  private static List<Traced> reshape(Call call) {
    Traced data = call.in(0);
    long[] wanted = call.has(1) ? call.in(1).wholeNumbers("the shape") : call.integers("shape");
    int[] to = new int[wanted.length];
    int open = -1;
    long known = 1;
    for (int axis = 0; axis < to.length; axis++) {
      long dim = wanted[axis];
      if (dim == 0 && call.integer("allowzero", 0) == 0) {
        dim = data.shape()[axis];
      }
      if (dim < 0) {
        open = axis;
      } else {
        to[axis] = Math.toIntExact(dim);
        known *= dim;
      }
    }
    long size = 1;
    for (int dim : data.shape()) {
      size *= dim;
    }
    if (open >= 0) {
      if (known == 0 || size % known != 0) {
        throw Untraceable.shapes("reshape", data.shape(), to);
      }
      to[open] = Math.toIntExact(size / known);
    }
    return List.of(data.reshape(to));
  }

  private static List<Traced> flatten(Call call) {
    Traced data = call.in(0);
    long axis = call.integer("axis", 1);
    int cut = (int) (axis < 0 ? axis + data.rank() : axis);
    int before = 1;
    int after = 1;
    for (int i = 0; i < data.rank(); i++) {
      if (i < cut) {
        before *= data.shape()[i];
      } else {
        after *= data.shape()[i];
      }
    }
    return List.of(data.reshape(new int[] {before, after}));
  }

  private static List<Traced> squeeze(Call call) {
    Traced data = call.in(0);
    long[] axes = call.integers("axes", 1);
    boolean[] gone = new boolean[data.rank()];
    for (int axis = 0; axis < gone.length && axes == null; axis++) {
      gone[axis] = data.shape()[axis] == 1;
    }
    for (int i = 0; axes != null && i < axes.length; i++) {
      int axis = data.axis(axes[i]);
      if (data.shape()[axis] != 1) {
        throw new Untraceable("axis " + axis + " is not of length 1");
      }
      gone[axis] = true;
    }
    int[] to =
        IntStream.range(0, gone.length).filter(i -> !gone[i]).map(i -> data.shape()[i]).toArray();
    return List.of(Traced.of(data.rows().withOnes(to), data.values()));
  }

  private static List<Traced> unsqueeze(Call call) {
    Traced data = call.in(0);
    long[] axes = call.integers("axes", 1);
    int[] to = new int[data.rank() + axes.length];
    boolean[] added = new boolean[to.length];
    for (long axis : axes) {
      added[(int) (axis < 0 ? axis + to.length : axis)] = true;
    }
    int from = 0;
    for (int axis = 0; axis < to.length; axis++) {
      to[axis] = added[axis] ? 1 : data.shape()[from++];
    }
    return List.of(Traced.of(data.rows().withOnes(to), data.values()));
  }

  private static List<Traced> transpose(Call call) {
    Traced data = call.in(0);
    long[] given = call.integers("perm");
    int rank = data.rank();
    int[] order = new int[rank];
    Arrays.setAll(order, i -> given == null ? rank - 1 - i : (int) given[i]);
    return List.of(data.transpose(order));
  }

  private static List<Traced> expand(Call call) {
    int[] wanted = shape(call.in(1), "the shape");
    return List.of(call.in(0).broadcast(Dependence.broadcastShape(call.in(0).shape(), wanted)));
  }

  private static List<Traced> tile(Call call) {
    Traced data = call.in(0);
    long[] repeats = call.in(1).wholeNumbers("repeats");
    for (int axis = 0; axis < repeats.length; axis++) {
      int length = data.shape()[axis];
      int[] indices = new int[Math.toIntExact(length * repeats[axis])];
      Arrays.setAll(indices, i -> i % length);
      data = data.take(axis, indices, 0);
    }
    return List.of(data);
  }

  private static List<Traced> concat(Call call) {
    List<Traced> parts = call.present();
    return List.of(Traced.concat(parts, parts.get(0).axis(call.integer("axis", 1))));
  }

  private static List<Traced> split(Call call) {
    Traced data = call.in(0);
    int axis = data.axis(call.integer("axis", 0));
    long[] sizes = call.integers("split", 1);
    int parts = call.node().getOutputCount();
    int length = data.shape()[axis];
    if (sizes == null) {
      int each = (length + parts - 1) / parts;
      sizes = new long[parts];
      for (int i = 0; i < parts; i++) {
        sizes[i] = Math.min(each, length - i * each);
      }
    }
    List<Traced> results = new ArrayList<>();
    int from = 0;
    for (long size : sizes) {
      results.add(data.take(axis, IntStream.range(from, from + (int) size).toArray(), 0));
      from += (int) size;
    }
    return results;
  }

  private static List<Traced> slice(Call call) {
    Traced data = call.in(0);
    long[] starts = call.integers("starts", 1);
    long[] ends = call.integers("ends", 2);
    long[] axes = call.integers("axes", 3);
    long[] steps = call.integers("steps", 4);
    int set = call.has(1) ? call.in(1).all() | call.in(2).all() : 0;
    for (int i = 0; i < starts.length; i++) {
      int axis = data.axis(axes == null ? i : axes[i]);
      long step = steps == null ? 1 : steps[i];
      int length = data.shape()[axis];
      long start = starts[i] < 0 ? starts[i] + length : starts[i];
      long end = ends[i] < -length ? (step < 0 ? -1 : 0) : ends[i] < 0 ? ends[i] + length : ends[i];
      List<Integer> indices = new ArrayList<>();
      if (step > 0) {
        for (long at = Math.max(0, start); at < Math.min(end, length); at += step) {
          indices.add((int) at);
        }
      } else {
        for (long at = Math.min(length - 1, start); at > Math.max(end, -1); at += step) {
          indices.add((int) at);
        }
      }
      boolean alongRows = call.varies(0, axis);
      data = data.take(axis, indices.stream().mapToInt(Integer::intValue).toArray(), 0);
      if (!alongRows) {
        data = data.with(set);
      }
    }
    return List.of(data);
  }

  private static List<Traced> pad(Call call) {
    Traced data = call.in(0);
    long[] pads = call.integers("pads", 1);
    long[] axes = call.has(3) ? call.in(3).wholeNumbers("axes") : null;
    int set = call.has(1) ? call.in(1).all() : 0;
    int absent = call.has(2) ? call.in(2).all() : 0;
    boolean constant = call.text("mode", "constant").equals("constant");
    int count = pads.length / 2;
    for (int i = 0; i < count; i++) {
      int axis = data.axis(axes == null ? i : axes[i]);
      int before = Math.toIntExact(pads[i]);
      int after = Math.toIntExact(pads[i + count]);
      int length = data.shape()[axis];
      if (before == 0 && after == 0) {
        continue;
      }
      int[] indices = new int[length + before + after];
      if (constant) {
        Arrays.setAll(indices, at -> at < before || at >= before + length ? -1 : at - before);
        data = data.take(axis, indices, absent);
      } else {
        data = Traced.of(data.rows().along(axis)).take(axis, indices, 0);
      }
    }
    return List.of(data.with(set));
  }

  /** What stands where depends on the place in the last two axes. */
  private static List<Traced> placed(Call call) {
    Traced data = call.in(0);
    int set = call.has(1) ? call.in(1).all() : 0;
    for (int axis = Math.max(0, data.rank() - 2); axis < data.rank(); axis++) {
      set |= call.varies(0, axis) ? RowTrace.COUNT : 0;
    }
    return List.of(Traced.of(data.rows()).with(set));
  }

  private static List<Traced> nonZero(Call call) {
    Traced data = call.in(0);
    data.wholeNumbers("what is looked for");
    int[] strides = Grid.strides(data.shape());
    int[] found =
        IntStream.range(0, data.values().length).filter(i -> data.values()[i] != 0).toArray();
    int set = data.all();
    for (int axis = 0; axis < data.rank(); axis++) {
      set |= call.varies(0, axis) ? RowTrace.COUNT : 0;
    }
    double[] values = new double[data.rank() * found.length];
    for (int axis = 0; axis < data.rank(); axis++) {
      for (int i = 0; i < found.length; i++) {
        values[axis * found.length + i] = found[i] / strides[axis] % data.shape()[axis];
      }
    }
    int[] shape = {data.rank(), found.length};
    return List.of(Traced.of(Dependence.same(shape, set), values));
  }
}
