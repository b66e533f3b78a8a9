package dev.podium.graph.ir;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.podium.graph.onnx.ElementType;
import java.util.List;

/**
 * What a {@link Node} computes. All axes are axes of one row's value: there is no row axis.
 * Operands of MatMul and Elementwise broadcast as in ONNX.
 */
public sealed interface Op {
  /** A graph input. An input matrix with context columns occurs twice, once on each side. */
  record Input(String name, boolean context, List<Integer> shape, ElementType type) implements Op {}

  /** An initialiser of the exported graph; its bytes may be external. */
  record Initialiser(String name, List<Integer> shape, ElementType type) implements Op {}

  /** A small constant that the compiler made. */
  record Literal(TensorProto tensor) implements Op {}

  /** An ONNX operator that works element by element with broadcasting. */
  record Elementwise(String type, List<AttributeProto> attributes) implements Op {}

  record MatMul() implements Op {}

  /** An ONNX reduction; reduced axes stay, with size 1. */
  record Reduce(String type, List<Integer> axes) implements Op {}

  /** Softmax or LogSoftmax. */
  record Softmax(String type, int axis) implements Op {}

  /** LayerNormalization over the last axes from {@code axis} on: input, scale, and perhaps bias. */
  record LayerNorm(int axis, float epsilon) implements Op {}

  record Concat(int axis) implements Op {}

  /** Elements {@code from}, {@code from + step}, ... before {@code to} of one axis. */
  record Slice(int axis, int from, int to, int step) implements Op {}

  /** Data, indices. With candidate indices, the data are no candidate value and the axis is 0. */
  record Gather(int axis) implements Op {}

  /**
   * Rows of a table in which several tables lie, from ids of those tables, one each: input i, a
   * whole number without axes, becomes its row in table {@code i}. An id means what it meant to a
   * look-up of its own: negative ones count from that table's end. If any row has an id out of its
   * table's bounds, some row's result is out of the bounds of the whole, which the runtime refuses
   * as it would have refused that id.
   *
   * @param starts where each input's table begins
   * @param sizes rows of each input's table
   */
  record TableRows(List<Integer> starts, List<Integer> sizes) implements Op {}

  /**
   * The sum of one entry of each of several tables: {@code Σ_i table_i(id_i)}. The inputs are the
   * ids, each a number without axes, and then as many tables, [ids, shape of the sum]. Whoever
   * drives the candidate half computes it.
   */
  record SumOfEntries(List<IdSource> sources) implements Op {}

  /**
   * Where an id lies in a request.
   *
   * @param input an input of the exported graph
   * @param column its column there
   * @param context whether it is the same for all rows
   * @param shift what is added to it: several fields may share a table, each from a row of its own
   */
  record IdSource(String input, int column, boolean context, long shift) {}

  record GatherElements(int axis) implements Op {}

  record Reshape(List<Integer> shape) implements Op {}

  record Transpose(List<Integer> permutation) implements Op {}

  record Expand(List<Integer> shape) implements Op {}

  /**
   * The tensor as it was in the exported graph, rows included, for an operator that is left as it
   * was.
   */
  record Exported(String name, Layout layout) implements Op {}

  /** Whole numbers that depend on the number of rows, for an operator that is left as it was. */
  record RowCounts(String name, Numbers numbers) implements Op {}

  /** Output number {@code output} of an operator that is left as it was. It has no known shape. */
  record Opaque(NodeProto node, int output) implements Op {}
}
