package dev.podium.graph;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.podium.graph.onnx.OnnxGraph;
import java.util.List;
import org.junit.jupiter.api.Test;

class OnnxGraphTest {
  @Test
  void sessionsHoldWhatTheFileHoldsAndTheWeightsOfProducts() {
    TensorProto inFile = tensor("bias", 1, 8).setRawData(ByteString.copyFrom(new byte[32])).build();
    TensorProto table = external("table", "4000000").build();
    TensorProto packed = external("weights", "1280").build();
    TensorProto unsaid = external("more", null).build();
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .addAllInitializer(List.of(inFile, table, packed, unsaid))
            .addNode(node("Gather", "rows", "table", "ids"))
            .addNode(node("MatMul", "hidden", "rows", "weights"))
            .addNode(node("MatMul", "wide", "rows", "more"))
            .addNode(node("Add", "scores", "hidden", "bias"));
    ModelProto mapped = ModelProto.newBuilder().setGraph(graph).build();

    // Where the model does not say how many bytes there are: 100,000 x 10 numbers.
    assertThat(OnnxGraph.of(mapped).copiedBytes())
        .isEqualTo(mapped.getSerializedSize() + 1280 + 8_000_000);

    graph.addNode(node("MatMul", "similar", "rows", "table"));
    ModelProto both = ModelProto.newBuilder().setGraph(graph).build();
    assertThat(OnnxGraph.of(both).copiedBytes())
        .as("a table that is multiplied with, too")
        .isEqualTo(both.getSerializedSize() + 1280 + 8_000_000 + 4_000_000);
  }

  private static TensorProto.Builder external(String name, String length) {
    TensorProto.Builder tensor =
        tensor(name, 100_000, 10).setDataLocation(TensorProto.DataLocation.EXTERNAL);
    tensor.addExternalData(entry("location", "model.onnx.data"));
    if (length != null) {
      tensor.addExternalData(entry("length", length));
    }
    return tensor;
  }

  private static TensorProto.Builder tensor(String name, long rows, long columns) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(TensorProto.DataType.FLOAT.getNumber())
        .addDims(rows)
        .addDims(columns);
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  private static NodeProto node(String type, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(type)
        .addOutput(output)
        .addAllInput(List.of(inputs))
        .build();
  }
}
