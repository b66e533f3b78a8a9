package dev.podium.graph.importer;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.podium.graph.ir.AffineDim;
import dev.podium.graph.ir.Numbers;
import dev.podium.graph.onnx.Attributes;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Follows the whole numbers that exporters compute shapes with ({@code Shape}, {@code Gather},
 * {@code Concat}, ...), as functions of the number of rows. What it can't follow is null.
 */
final class ShapeArithmetic {
  private static final int MAX_LENGTH = 4096;

  private ShapeArithmetic() {}

  /** The numbers that a node gives, or null. Absent optional inputs are null in {@code inputs}. */
  static Numbers evaluate(NodeProto node, List<Tracked> inputs) {
    switch (node.getOpType()) {
      case "Shape":
        return shape(node, inputs.get(0));
      case "Size":
        return size(inputs.get(0));
      default:
        break;
    }
    List<Numbers> numbers = new ArrayList<>();
    for (Tracked input : inputs) {
      if (input == null || input.numbers() == null) {
        return null;
      }
      numbers.add(input.numbers());
    }
    if (numbers.isEmpty()) {
      return null;
    }
    Numbers first = numbers.get(0);
    return switch (node.getOpType()) {
      case "Identity" -> first;
      case "Cast" -> cast(node, first);
      case "Gather" -> gather(first, numbers.get(1));
      case "Concat" -> concat(numbers);
      case "Slice" -> slice(numbers);
      case "Unsqueeze" -> first.scalar() ? new Numbers(first.values(), false, first.type()) : null;
      case "Squeeze" ->
          !first.scalar() && first.values().size() == 1
              ? new Numbers(first.values(), true, first.type())
              : null;
      case "Reshape" -> reshape(first, numbers.get(1));
      case "Neg" ->
          pairwise("Sub", new Numbers(List.of(AffineDim.of(0)), true, first.type()), first);
      case "Add", "Sub", "Mul", "Div", "Equal", "Less", "Greater", "Min", "Max" ->
          numbers.size() == 2 ? pairwise(node.getOpType(), first, numbers.get(1)) : null;
      case "Where" -> where(numbers);
      case "ReduceProd" -> product(node, numbers);
      case "Range" -> range(numbers);
      case "ConstantOfShape" -> constantOfShape(node, first);
      default -> null;
    };
  }

  private static Numbers shape(NodeProto node, Tracked input) {
    if (input == null || input.node() == null || input.isOpaque()) {
      return null;
    }
    List<AffineDim> shape = input.shape();
    int rank = shape.size();
    int start = clamp(Attributes.integer(node, "start", 0), rank);
    int end = clamp(Attributes.integer(node, "end", rank), rank);
    return new Numbers(
        List.copyOf(shape.subList(start, Math.max(start, end))), false, ElementType.INT64);
  }

  private static int clamp(long index, int rank) {
    return (int) Math.max(0, Math.min(rank, index < 0 ? index + rank : index));
  }

  private static Numbers size(Tracked input) {
    if (input == null || input.node() == null || input.isOpaque()) {
      return null;
    }
    AffineDim size = AffineDim.of(1);
    for (AffineDim dim : input.shape()) {
      size = size.times(dim);
      if (size == null) {
        return null;
      }
    }
    return new Numbers(List.of(size), true, ElementType.INT64);
  }

  private static Numbers cast(NodeProto node, Numbers input) {
    ElementType to = ElementType.of((int) Attributes.integer(node, "to", 0));
    boolean whole = to == ElementType.INT64 || to == ElementType.INT32;
    return whole ? new Numbers(input.values(), input.scalar(), to) : null;
  }

  private static Numbers gather(Numbers data, Numbers indices) {
    if (data.scalar() || !indices.isConstant()) {
      return null;
    }
    List<AffineDim> values = new ArrayList<>();
    for (AffineDim index : indices.values()) {
      long at = index.constant() < 0 ? index.constant() + data.values().size() : index.constant();
      if (at < 0 || at >= data.values().size()) {
        return null;
      }
      values.add(data.values().get((int) at));
    }
    return new Numbers(values, indices.scalar(), data.type());
  }

  private static Numbers concat(List<Numbers> parts) {
    List<AffineDim> values = new ArrayList<>();
    for (Numbers part : parts) {
      if (part.scalar()) {
        return null;
      }
      values.addAll(part.values());
    }
    return values.size() > MAX_LENGTH ? null : new Numbers(values, false, parts.get(0).type());
  }

  private static Numbers slice(List<Numbers> inputs) {
    Numbers data = inputs.get(0);
    for (int i = 1; i < inputs.size(); i++) {
      if (!inputs.get(i).isConstant() || inputs.get(i).values().size() != 1) {
        return null;
      }
    }
    if (data.scalar() || inputs.size() < 3) {
      return null;
    }
    int length = data.values().size();
    long step = inputs.size() > 4 ? inputs.get(4).values().get(0).constant() : 1;
    if (step != 1) {
      return null;
    }
    int from = clamp(inputs.get(1).values().get(0).constant(), length);
    int to = clamp(inputs.get(2).values().get(0).constant(), length);
    return new Numbers(
        List.copyOf(data.values().subList(from, Math.max(from, to))), false, data.type());
  }

  private static Numbers reshape(Numbers data, Numbers shape) {
    if (!shape.isConstant()) {
      return null;
    }
    if (shape.values().isEmpty()) {
      return data.values().size() == 1 ? new Numbers(data.values(), true, data.type()) : null;
    }
    long target = shape.values().get(0).constant();
    boolean fits = shape.values().size() == 1 && (target == -1 || target == data.values().size());
    return fits ? new Numbers(data.values(), false, data.type()) : null;
  }

  private static Numbers pairwise(String type, Numbers a, Numbers b) {
    int length = Math.max(a.values().size(), b.values().size());
    List<AffineDim> values = new ArrayList<>();
    if (a.values().isEmpty() || b.values().isEmpty()) {
      return null;
    }
    for (int i = 0; i < length; i++) {
      if (a.values().size() != length && a.values().size() != 1
          || b.values().size() != length && b.values().size() != 1) {
        return null;
      }
      AffineDim x = a.values().get(a.values().size() == 1 ? 0 : i);
      AffineDim y = b.values().get(b.values().size() == 1 ? 0 : i);
      AffineDim value = pairwise(type, x, y);
      if (value == null) {
        return null;
      }
      values.add(value);
    }
    boolean predicate = type.equals("Equal") || type.equals("Less") || type.equals("Greater");
    return new Numbers(values, a.scalar() && b.scalar(), predicate ? ElementType.BOOL : a.type());
  }

  private static AffineDim pairwise(String type, AffineDim x, AffineDim y) {
    boolean constant = x.isConstant() && y.isConstant();
    switch (type) {
      case "Add":
        return x.plus(y);
      case "Sub":
        return x.minus(y);
      case "Mul":
        return x.times(y);
      case "Div":
        if (constant && y.constant() != 0) {
          return AffineDim.of(x.constant() / y.constant());
        }
        return x.dividedBy(y);
      case "Equal":
        Boolean same = x.sameAs(y);
        return same == null ? null : AffineDim.of(same ? 1 : 0);
      case "Less":
        return constant ? AffineDim.of(x.constant() < y.constant() ? 1 : 0) : null;
      case "Greater":
        return constant ? AffineDim.of(x.constant() > y.constant() ? 1 : 0) : null;
      case "Min":
        return constant ? AffineDim.of(Math.min(x.constant(), y.constant())) : null;
      case "Max":
        return constant ? AffineDim.of(Math.max(x.constant(), y.constant())) : null;
      default:
        throw new IllegalArgumentException(type);
    }
  }

  private static Numbers where(List<Numbers> inputs) {
    Numbers condition = inputs.get(0);
    if (!condition.isConstant()) {
      return null;
    }
    int length = 1;
    for (Numbers input : inputs) {
      length = Math.max(length, input.values().size());
    }
    List<AffineDim> values = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      for (Numbers input : inputs) {
        if (input.values().size() != 1 && input.values().size() != length) {
          return null;
        }
      }
      boolean chosen = at(condition, i).constant() != 0;
      values.add(at(inputs.get(chosen ? 1 : 2), i));
    }
    boolean scalar = inputs.stream().allMatch(Numbers::scalar);
    return new Numbers(values, scalar, inputs.get(1).type());
  }

  private static AffineDim at(Numbers numbers, int index) {
    return numbers.values().get(numbers.values().size() == 1 ? 0 : index);
  }

  private static Numbers product(NodeProto node, List<Numbers> inputs) {
    AffineDim product = AffineDim.of(1);
    for (AffineDim value : inputs.get(0).values()) {
      product = product.times(value);
      if (product == null) {
        return null;
      }
    }
    boolean keep = Attributes.integer(node, "keepdims", 1) != 0;
    return inputs.get(0).scalar()
        ? inputs.get(0)
        : new Numbers(List.of(product), !keep, inputs.get(0).type());
  }

  private static Numbers range(List<Numbers> inputs) {
    for (Numbers input : inputs) {
      if (!input.isConstant() || input.values().size() != 1) {
        return null;
      }
    }
    long start = inputs.get(0).values().get(0).constant();
    long limit = inputs.get(1).values().get(0).constant();
    long step = inputs.get(2).values().get(0).constant();
    if (step == 0) {
      return null;
    }
    List<AffineDim> values = new ArrayList<>();
    for (long value = start; step > 0 ? value < limit : value > limit; value += step) {
      if (values.size() == MAX_LENGTH) {
        return null;
      }
      values.add(AffineDim.of(value));
    }
    return new Numbers(values, false, inputs.get(0).type());
  }

  private static Numbers constantOfShape(NodeProto node, Numbers shape) {
    AttributeProto value = Attributes.find(node, "value");
    if (value == null || shape.scalar() || !shape.isConstant() || shape.values().size() > 1) {
      return null;
    }
    long[] fill = Tensors.wholeNumbers(value.getT());
    if (fill == null || fill.length != 1) {
      return null;
    }
    boolean scalar = shape.values().isEmpty();
    long length = scalar ? 1 : shape.values().get(0).constant();
    if (length < 0 || length > MAX_LENGTH) {
      return null;
    }
    return new Numbers(
        Collections.nCopies((int) length, AffineDim.of(fill[0])),
        scalar,
        ElementType.of(value.getT().getDataType()));
  }
}
