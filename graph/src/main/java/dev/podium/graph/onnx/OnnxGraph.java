package dev.podium.graph.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A small view over an ONNX model. Immutable and thread-safe.
 *
 * <p>Weights that the model keeps in external files are never read: their location, offset and
 * length travel with the graph. A location is relative to the folder of the model file, so what is
 * written must lie in that folder, or the runtime must be told the folder.
 */
public final class OnnxGraph {
  private final ModelProto model;

  private OnnxGraph(ModelProto model) {
    this.model = model;
  }

  /**
   * Reads a model file without its external data.
   *
   * @throws IOException if the file can't be read or is no ONNX model
   */
  public static OnnxGraph read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      CodedInputStream coded = CodedInputStream.newInstance(in);
      coded.setSizeLimit(Integer.MAX_VALUE);
      return new OnnxGraph(ModelProto.parseFrom(coded));
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(file + ": not an ONNX model (" + e.getMessage() + ")", e);
    }
  }

  /** A view over a model that is already in memory. */
  public static OnnxGraph of(ModelProto model) {
    return new OnnxGraph(model);
  }

  /** The model as ONNX's own message. */
  public ModelProto model() {
    return model;
  }

  /** The graph inputs in order, without those that only give an initialiser a name. */
  public List<TensorInfo> inputs() {
    Set<String> initialisers = new HashSet<>();
    for (TensorProto tensor : graph().getInitializerList()) {
      initialisers.add(tensor.getName());
    }
    List<TensorInfo> inputs = new ArrayList<>();
    for (ValueInfoProto input : graph().getInputList()) {
      if (!initialisers.contains(input.getName())) {
        inputs.add(info(input));
      }
    }
    return inputs;
  }

  /** The graph outputs in order. */
  public List<TensorInfo> outputs() {
    return graph().getOutputList().stream().map(OnnxGraph::info).toList();
  }

  /** Version of the default operator set; 0 if the model names none. */
  public long opset() {
    for (OperatorSetIdProto opset : model.getOpsetImportList()) {
      if (opset.getDomain().isEmpty() || opset.getDomain().equals("ai.onnx")) {
        return opset.getVersion();
      }
    }
    return 0;
  }

  /** Files with external weights that the graph refers to, relative to the model file. */
  public Set<String> externalFiles() {
    Set<String> files = new HashSet<>();
    for (TensorProto tensor : graph().getInitializerList()) {
      for (StringStringEntryProto entry : tensor.getExternalDataList()) {
        if (isExternal(tensor) && entry.getKey().equals("location")) {
          files.add(entry.getValue());
        }
      }
    }
    return files;
  }

  /**
   * Bytes of weights that each session of this graph holds for itself: all that the model file
   * holds, and what lies in external files but for tables that rows are only looked up in. Those
   * are mapped and used where they lie; weights of products are packed anew.
   */
  public long copiedBytes() {
    Set<String> lookedUp = new HashSet<>();
    Set<String> others = new HashSet<>();
    for (NodeProto node : graph().getNodeList()) {
      for (int input = 0; input < node.getInputCount(); input++) {
        boolean table = node.getOpType().equals("Gather") && input == 0;
        (table ? lookedUp : others).add(node.getInput(input));
      }
    }
    lookedUp.removeAll(others);
    long bytes = model.getSerializedSize();
    for (TensorProto tensor : graph().getInitializerList()) {
      if (isExternal(tensor) && !lookedUp.contains(tensor.getName())) {
        bytes += externalBytes(tensor);
      }
    }
    return bytes;
  }

  /** What a file holds for a tensor; at most eight bytes a number where the model does not say. */
  private static long externalBytes(TensorProto tensor) {
    for (StringStringEntryProto entry : tensor.getExternalDataList()) {
      if (entry.getKey().equals("length")) {
        return Long.parseLong(entry.getValue());
      }
    }
    return Long.BYTES * tensor.getDimsList().stream().reduce(1L, (a, b) -> a * b);
  }

  /**
   * The model as bytes, for a runtime that loads from memory. At most 2 GiB, which external data
   * does not count in.
   */
  public byte[] toBytes() {
    return model.toByteArray();
  }

  /**
   * Writes the model file. External data is not copied.
   *
   * @throws IOException if the file can't be written
   */
  public void write(Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      model.writeTo(out);
    }
  }

  public GraphProto graph() {
    return model.getGraph();
  }

  public static boolean isExternal(TensorProto tensor) {
    return tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL;
  }

  private static TensorInfo info(ValueInfoProto value) {
    List<Long> shape = new ArrayList<>();
    for (Dimension dim : value.getType().getTensorType().getShape().getDimList()) {
      shape.add(dim.hasDimValue() && dim.getDimValue() >= 0 ? dim.getDimValue() : -1L);
    }
    return new TensorInfo(
        value.getName(), ElementType.of(value.getType().getTensorType().getElemType()), shape);
  }
}
