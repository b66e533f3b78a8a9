package dev.podium.server.engine.ort;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.graph.onnx.OnnxGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A graph's file, with its files of weights wherever links put them; opens sessions over both.
 *
 * <p>The runtime reads external weights from the graph's own folder alone, and follows links before
 * it looks. Tools that keep large files once (Hugging Face, DVC, volumes of Kubernetes) lay out
 * folders of links to elsewhere, each file perhaps to another folder. Such a graph is opened from
 * memory with its weights named by where they really lie. Who wrote the folder made those links; a
 * graph itself can still name no file outside of its folder. Immutable and thread-safe.
 */
final class GraphFile {
  private static final String LOCATION = "location";

  /** Deeper than any graph names its weights. */
  private static final int DEEPEST = 8;

  private final Path file;

  /** Holds all weights; locations are relative to it. */
  private final Path folder;

  /** Real locations by those that the graph names; empty where they are the same. */
  private final Map<String, String> moved;

  private GraphFile(Path file, Path folder, Map<String, String> moved) {
    this.file = file;
    this.folder = folder;
    this.moved = Map.copyOf(moved);
  }

  /**
   * Looks where a graph's weights lie.
   *
   * @throws IOException if the folder or the graph can't be read, or weights aren't there
   */
  static GraphFile of(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    GraphFile plain = new GraphFile(file, folder, Map.of());
    if (!hasLinks(folder)) {
      return plain; // not read: it may hold gigabytes of weights itself
    }
    Map<String, Path> real = new HashMap<>();
    boolean linked = Files.isSymbolicLink(file);
    for (String location : OnnxGraph.read(file).externalFiles()) {
      Path named = folder.resolve(location).normalize();
      if (!named.startsWith(folder)) {
        return plain; // the runtime refuses it
      }
      Path found = named.toRealPath();
      linked |= !found.equals(folder.toRealPath().resolve(location).normalize());
      real.put(location, found);
    }
    if (!linked || real.isEmpty()) {
      return plain;
    }
    Path common = real.values().iterator().next().getParent();
    for (Path path : real.values()) {
      while (!path.startsWith(common)) {
        common = common.getParent();
      }
    }
    Map<String, String> moved = new HashMap<>();
    for (Map.Entry<String, Path> weights : real.entrySet()) {
      moved.put(weights.getKey(), common.relativize(weights.getValue()).toString());
    }
    return new GraphFile(file, common, moved);
  }

  private static boolean hasLinks(Path folder) throws IOException {
    try (Stream<Path> inside = Files.walk(folder.toRealPath(), DEEPEST)) {
      return inside.anyMatch(Files::isSymbolicLink);
    }
  }

  Path path() {
    return file;
  }

  /** Opens a session of the graph. The options stay the caller's. */
  OrtSession open(OrtEnvironment environment, OrtSession.SessionOptions options)
      throws OrtException {
    if (moved.isEmpty()) {
      return environment.createSession(file.toString(), options);
    }
    try {
      return open(environment, bytes(OnnxGraph.read(file)), options);
    } catch (IOException e) {
      throw new OrtException(file + ": can't be read: " + e.getMessage());
    }
  }

  /**
   * Opens a session of a graph that was made of this one and may share its weights.
   *
   * @param graph what {@link #bytes} gave
   * @param options the caller's; the weights' folder is added
   */
  OrtSession open(OrtEnvironment environment, byte[] graph, OrtSession.SessionOptions options)
      throws OrtException {
    options.addConfigEntry(
        "session.model_external_initializers_file_folder_path", folder.toString());
    return environment.createSession(graph, options);
  }

  /** A graph in memory, its weights named by where they lie. */
  byte[] bytes(OnnxGraph graph) {
    if (moved.isEmpty()) {
      return graph.toBytes();
    }
    ModelProto.Builder model = graph.model().toBuilder();
    move(model.getGraphBuilder());
    return model.build().toByteArray();
  }

  private void move(GraphProto.Builder graph) {
    graph.getInitializerBuilderList().forEach(this::move);
    for (NodeProto.Builder node : graph.getNodeBuilderList()) {
      for (AttributeProto.Builder attribute : node.getAttributeBuilderList()) {
        if (attribute.hasG()) {
          move(attribute.getGBuilder());
        }
        attribute.getGraphsBuilderList().forEach(this::move);
      }
    }
  }

  private void move(TensorProto.Builder tensor) {
    if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
      for (StringStringEntryProto.Builder entry : tensor.getExternalDataBuilderList()) {
        if (entry.getKey().equals(LOCATION)) {
          entry.setValue(moved.getOrDefault(entry.getValue(), entry.getValue()));
        }
      }
    }
  }
}
