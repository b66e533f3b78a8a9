package dev.podium.graph.lowering;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.podium.graph.ir.AffineDim;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.onnx.GraphWriter;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes operators that the importer left as they were, and gives them their inputs as they had
 * them. One for a candidate half.
 */
final class LeftAsExported {
  private final CandidateHalf half;
  private final GraphWriter out;
  private final Set<String> inputs;
  private final Map<String, String> renamed = new HashMap<>();
  private final Set<NodeProto> copied = Collections.newSetFromMap(new IdentityHashMap<>());

  /**
   * @param inputs names of the half's inputs
   */
  LeftAsExported(CandidateHalf half, Set<String> inputs) {
    this.half = half;
    this.out = half.out;
    this.inputs = inputs;
  }

  String exported(Node value, Op.Exported left) throws Unsupported {
    String name = half.asExported(value, left.layout());
    if (name.equals(left.name())) {
      return name;
    }
    if (inputs.contains(left.name())) {
      // An input matrix with context columns: the whole of it is no input of this half.
      String whole = out.node("Identity", out.fresh(left.name() + "_whole"), List.of(), name);
      renamed.put(left.name(), whole);
      return whole;
    }
    return out.node("Identity", left.name(), List.of(), name);
  }

  String rowCounts(Op.RowCounts counts) {
    List<AffineDim> values = counts.numbers().values();
    String perRow = out.longs(values.stream().map(AffineDim::perRow).toList());
    String constant = out.longs(values.stream().map(AffineDim::constant).toList());
    String product = out.node("Mul", out.fresh("row_counts"), List.of(), half.rows(), perRow);
    String sum = out.node("Add", out.fresh("row_counts"), List.of(), product, constant);
    if (counts.numbers().scalar()) {
      sum =
          out.node(
              "Reshape", out.fresh("row_counts"), List.of(), sum, out.longs(List.<Integer>of()));
    }
    AttributeProto to = GraphWriter.integer("to", counts.numbers().type().onnxCode());
    return out.node("Cast", counts.name(), List.of(to), sum);
  }

  String opaque(Op.Opaque opaque) throws Unsupported {
    NodeProto node = opaque.node();
    if (copied.add(node)) {
      NodeProto.Builder copy = node.toBuilder();
      for (int i = 0; i < copy.getInputCount(); i++) {
        copy.setInput(i, renamed.getOrDefault(copy.getInput(i), copy.getInput(i)));
      }
      boolean hasBodies =
          node.getAttributeList().stream().anyMatch(a -> a.hasG() || a.getGraphsCount() > 0);
      if (hasBodies && !renamed.isEmpty()) {
        throw new Unsupported("a subgraph uses an input matrix with context columns");
      }
      out.copy(copy.build());
    }
    return node.getOutput(opaque.output());
  }
}
