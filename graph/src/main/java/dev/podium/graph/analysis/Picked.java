package dev.podium.graph.analysis;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.ValueRole;
import dev.podium.graph.onnx.Tensors;
import java.util.stream.IntStream;

/**
 * Entries of one axis, chosen when the model was exported: a Gather with constant indices.
 *
 * @param data where they come from
 * @param axis the axis, in the data and in the result
 * @param places the entries in order, counted from 0; an entry may occur more than once
 */
public record Picked(Node data, int axis, int[] places) {
  /** Null if the node is none. */
  public static Picked of(Node node, Nodes nodes) {
    if (!(node.op() instanceof Op.Gather gather)
        || node.input(1).rank() != 1
        || node.input(1).role() != ValueRole.CONSTANT) {
      return null;
    }
    Node data = node.input(0);
    double[] indices = nodes.weights().values(node.input(1));
    if (indices == null) {
      return null;
    }
    int length = data.dim(gather.axis());
    int[] places = new int[indices.length];
    for (int i = 0; i < places.length; i++) {
      places[i] = (int) (indices[i] < 0 ? indices[i] + length : indices[i]);
      if (places[i] < 0 || places[i] >= length) {
        return null;
      }
    }
    return new Picked(data, gather.axis(), places);
  }

  /** Some entries of an axis: a slice where they are neighbours in order. */
  public static Node pick(Node data, int axis, int[] places, Nodes nodes) {
    boolean neighbours =
        IntStream.range(0, places.length).allMatch(i -> places[i] == places[0] + i);
    if (neighbours) {
      return nodes.slice(data, axis, places[0], places[0] + places.length);
    }
    return nodes.gather(
        data, nodes.literal(Tensors.longs(IntStream.of(places).asLongStream().toArray())), axis);
  }
}
