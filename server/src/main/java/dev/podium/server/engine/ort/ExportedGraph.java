package dev.podium.server.engine.ort;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.ValueInfo;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.reference.Thresholds;
import dev.podium.graph.rows.RowDependence;
import dev.podium.server.engine.Graph;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.engine.device.Device;
import dev.podium.server.engine.tune.CostMeter;
import dev.podium.server.engine.tune.GraphFacts;
import dev.podium.server.engine.tune.Histories;
import dev.podium.server.engine.tune.Preparation;
import dev.podium.server.engine.tune.Preparation.Prepared;
import dev.podium.server.engine.tune.SessionCopies;
import dev.podium.server.engine.tune.Truth;
import dev.podium.server.fault.ModelException;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.GraphTensor;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.TensorSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;

/** A graph in an ONNX Runtime session. */
final class ExportedGraph implements Graph {
  private static final Logger LOG = Logger.getLogger(ExportedGraph.class.getName());

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final GraphFile graphFile;
  private final Path file;
  private final OnnxEngine.OptionsMaker sessionOptions;
  private final Sessions exported;
  private final SessionCopies copies;
  private final Device device;
  private final CostMeter meter;
  private final List<String> providers;
  private final List<String> notes;
  private final List<GraphTensor> inputs;
  private final List<GraphTensor> outputs;

  /**
   * @param sessionOptions makes options for more sessions like this one
   * @param copies how many of those there may be
   * @param device that runs it
   * @param meter tells what runs of this session cost
   */
  ExportedGraph(
      OrtEnvironment environment,
      OrtSession session,
      GraphFile graphFile,
      OnnxEngine.OptionsMaker sessionOptions,
      SessionCopies copies,
      Device device,
      CostMeter meter,
      List<String> providers,
      List<String> notes)
      throws OrtException {
    this.environment = environment;
    this.graphFile = graphFile;
    this.file = graphFile.path();
    this.sessionOptions = sessionOptions;
    this.copies = copies;
    this.device = device;
    this.exported = new Sessions(session, this::copiedBytes, this::another);
    this.meter = meter;
    this.session = session;
    this.providers = List.copyOf(providers);
    this.notes = List.copyOf(notes);
    this.inputs = tensors(session.getInputInfo());
    this.outputs = tensors(session.getOutputInfo());
  }

  @Override
  public List<GraphTensor> inputs() {
    return inputs;
  }

  @Override
  public List<GraphTensor> outputs() {
    return outputs;
  }

  @Override
  public List<String> providers() {
    return providers;
  }

  @Override
  public List<String> notes() {
    return notes;
  }

  @Override
  public List<TensorSpec> probeOutputs(List<TensorSpec> specs, List<String> wanted)
      throws ModelException {
    int rows = 3;
    TensorBuffers buffers = new TensorBuffers(specs, rows);
    List<TensorSpec> shapes = new ArrayList<>();
    try (OnnxTensors tensors =
            OnnxTensors.over(environment, buffers, rows, session.getInputNames());
        OrtSession.Result result = session.run(tensors.with(Map.of()), Set.copyOf(wanted))) {
      for (GraphTensor output : outputs) {
        if (wanted.contains(output.name())) {
          shapes.add(shapeOf(output, result.get(output.name()).orElseThrow(), rows));
        }
      }
    } catch (OrtException e) {
      throw new ModelException(
          "model.onnx: does not run with the signature's inputs: " + OnnxEngine.oneLine(e), e);
    }
    return shapes;
  }

  private static TensorSpec shapeOf(GraphTensor output, OnnxValue value, int rows)
      throws ModelException {
    if (!(value instanceof OnnxTensor tensor) || output.type() == null) {
      throw new ModelException(
          "model.onnx: output '"
              + output.name()
              + "' is "
              + output.declaredType()
              + " (expected: a tensor of float, double, bool or whole numbers)");
    }
    long[] shape = tensor.getInfo().getShape();
    if (shape.length == 0 || shape[0] != rows) {
      throw new ModelException(
          "model.onnx: output '"
              + output.name()
              + "' has no row axis: "
              + rows
              + " rows gave the shape "
              + Arrays.toString(shape));
    }
    List<Integer> rowShape = new ArrayList<>();
    for (int i = 1; i < shape.length; i++) {
      rowShape.add((int) shape[i]);
    }
    return new TensorSpec(output.name(), output.type(), rowShape);
  }

  @Override
  public RankingSession prepare(
      Signature signature,
      List<TensorSpec> specs,
      int tileRows,
      TuningOptions options,
      List<Probe> probes)
      throws ModelException {
    RunnerMaker runners =
        new RunnerMaker(environment, exported, new Histories(signature), signature.inputs(), specs);
    try {
      OnnxGraph graph = OnnxGraph.read(file);
      GraphSplitter splitter =
          options.enabled()
              ? new GraphSplitter(
                  runners, sessionOptions, graphFile, graph, signature, options, device)
              : null;
      try (Truth truth = truth(graph, specs)) {
        Prepared prepared =
            new Preparation(
                    runners,
                    facts(graph, signature, specs),
                    truth,
                    signature,
                    specs,
                    device,
                    meter,
                    options,
                    copies,
                    tileRows,
                    probes)
                .run(splitter);
        ContextCache contexts =
            new ContextCache(
                options.contextCacheBytes(), options.contextCacheAge().toNanos(), System::nanoTime);
        return new OnnxSession(
            runners,
            (OnnxSplitGraph) prepared.graph(),
            contexts,
            prepared.plan(),
            prepared.report());
      }
    } catch (IOException e) {
      throw new ModelException(file + ": can't be read: " + e.getMessage(), e);
    } catch (UncheckedIOException e) {
      throw new ModelException(file + ": can't be read: " + e.getMessage(), e);
    }
  }

  private static GraphFacts facts(OnnxGraph graph, Signature signature, List<TensorSpec> outputs) {
    Map<String, List<Long>> shapes = new HashMap<>();
    for (TensorSpec input : signature.inputs()) {
      shapes.put(input.name(), input.rowShape().stream().map(Integer::longValue).toList());
    }
    RowDependence rows =
        RowDependence.of(
            graph,
            shapes,
            GraphSplitter.contextInputs(signature).wholeInputs(),
            outputs.stream().map(TensorSpec::name).toList());
    return new GraphFacts(rows, Thresholds.of(graph));
  }

  /** Null if the function can't be computed in double precision. */
  private Truth truth(OnnxGraph graph, List<TensorSpec> outputs) {
    try {
      return DoubleTruth.load(environment, sessionOptions, graph, graphFile, outputs);
    } catch (OrtException | IllegalArgumentException e) {
      LOG.log(
          Level.INFO,
          "{0}: forms are compared with the exported graph, not with the function in double"
              + " precision: {1}",
          new Object[] {file, e.getMessage()});
      return null;
    }
  }

  /** Weights that each session holds for itself. */
  private long copiedBytes() {
    try {
      long size = Files.size(file);
      // Not read where it is too much to be copied in any case.
      return size > copies.maxBytes() ? size : OnnxGraph.read(file).copiedBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private OrtSession another() throws OrtException {
    try (OrtSession.SessionOptions options = sessionOptions.make()) {
      return graphFile.open(environment, options);
    }
  }

  @Override
  public void close() {
    exported.close();
  }

  private static List<GraphTensor> tensors(Map<String, NodeInfo> nodes) {
    List<GraphTensor> tensors = new ArrayList<>();
    for (NodeInfo node : nodes.values()) {
      ValueInfo info = node.getInfo();
      if (info instanceof TensorInfo tensor) {
        List<Integer> shape = new ArrayList<>();
        for (long size : tensor.getShape()) {
          shape.add((int) size);
        }
        tensors.add(
            new GraphTensor(
                node.getName(), elementType(tensor.type), tensor.onnxType.toString(), shape));
      } else {
        tensors.add(new GraphTensor(node.getName(), null, info.toString(), List.of()));
      }
    }
    return tensors;
  }

  private static TensorDtype elementType(OnnxJavaType type) {
    return switch (type) {
      case INT32 -> TensorDtype.INT32;
      case INT64 -> TensorDtype.INT64;
      case FLOAT -> TensorDtype.FLOAT;
      case DOUBLE -> TensorDtype.DOUBLE;
      case BOOL -> TensorDtype.BOOL;
      case STRING -> TensorDtype.STRING;
      default -> null;
    };
  }
}
