package dev.podium.server.engine.ort;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.reference.DoubleForm;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.tune.Truth;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A graph's double form in a session of its own. Operators that the runtime has for single
 * precision alone are found by asking: it names each that it refuses, and that one is then computed
 * in single precision.
 */
final class DoubleTruth implements Truth {
  /** The ways in which the runtime names an operator that it has no kernel for, or no such type. */
  private static final List<Pattern> REFUSALS =
      List.of(
          Pattern.compile("implementation for (?:[\\w.]+:)?(\\w+)\\(\\d+\\)"),
          Pattern.compile("of operator \\((\\w+)\\)"),
          Pattern.compile("In Node, \\(\"[^\"]*\", (\\w+),"));

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final List<TensorSpec> outputs;
  private final Set<String> inSingle;

  private DoubleTruth(
      OrtEnvironment environment,
      OrtSession session,
      List<TensorSpec> outputs,
      Set<String> inSingle) {
    this.environment = environment;
    this.session = session;
    this.outputs = outputs;
    this.inSingle = inSingle;
  }

  /**
   * Loads it.
   *
   * @param file the exported graph's
   * @param outputs those that are served
   * @throws OrtException if the runtime can't run the graph in double precision
   * @throws IllegalArgumentException if it can't be written in double precision
   */
  static DoubleTruth load(
      OrtEnvironment environment,
      OnnxEngine.OptionsMaker sessionOptions,
      OnnxGraph graph,
      GraphFile file,
      List<TensorSpec> outputs)
      throws OrtException {
    Set<String> types =
        graph.model().getGraph().getNodeList().stream()
            .map(node -> node.getOpType())
            .collect(Collectors.toSet());
    graph
        .model()
        .getFunctionsList()
        .forEach(f -> f.getNodeList().forEach(n -> types.add(n.getOpType())));
    Set<String> inSingle = new TreeSet<>();
    while (true) {
      byte[] bytes = file.bytes(DoubleForm.of(graph, inSingle));
      try (OrtSession.SessionOptions options = sessionOptions.make()) {
        options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.BASIC_OPT);
        OrtSession session = file.open(environment, bytes, options);
        return new DoubleTruth(environment, session, outputs, inSingle);
      } catch (OrtException e) {
        String refused = refused(String.valueOf(e.getMessage()));
        if (refused == null || !types.contains(refused) || !inSingle.add(refused)) {
          throw e;
        }
      }
    }
  }

  /** The operator that a message of the runtime names; null if it names none. */
  static String refused(String message) {
    for (Pattern pattern : REFUSALS) {
      Matcher matcher = pattern.matcher(message);
      if (matcher.find()) {
        return matcher.group(1);
      }
    }
    return null;
  }

  @Override
  public double[][] scores(Probe probe) throws RankException {
    Set<String> wanted = outputs.stream().map(TensorSpec::name).collect(Collectors.toSet());
    try (OnnxTensors tensors =
            OnnxTensors.over(environment, probe.rows(), probe.count(), session.getInputNames());
        OrtSession.Result result = session.run(tensors.with(Map.of()), wanted)) {
      double[][] scores = new double[outputs.size()][];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = values((OnnxTensor) result.get(outputs.get(i).name()).orElseThrow());
      }
      return scores;
    } catch (OrtException e) {
      throw new RankException(
          FaultCode.INTERNAL, "in double precision: " + OnnxEngine.oneLine(e), e);
    }
  }

  private static double[] values(OnnxTensor tensor) throws OrtException {
    switch (tensor.getInfo().type) {
      case DOUBLE -> {
        DoubleBuffer from = tensor.getDoubleBuffer();
        double[] values = new double[from.remaining()];
        from.get(values);
        return values;
      }
      case FLOAT -> {
        FloatBuffer from = tensor.getFloatBuffer();
        double[] values = new double[from.remaining()];
        java.util.Arrays.setAll(values, from::get);
        return values;
      }
      case INT64 -> {
        LongBuffer from = tensor.getLongBuffer();
        double[] values = new double[from.remaining()];
        java.util.Arrays.setAll(values, i -> (double) from.get(i));
        return values;
      }
      case INT32 -> {
        IntBuffer from = tensor.getIntBuffer();
        double[] values = new double[from.remaining()];
        java.util.Arrays.setAll(values, from::get);
        return values;
      }
      case BOOL -> {
        ByteBuffer from = tensor.getByteBuffer();
        double[] values = new double[from.remaining()];
        java.util.Arrays.setAll(values, from::get);
        return values;
      }
      default -> throw new OrtException("an output of type " + tensor.getInfo().type);
    }
  }

  @Override
  public String describe() {
    return inSingle.isEmpty()
        ? "double precision"
        : "double precision, but for " + String.join(", ", inSingle);
  }

  @Override
  public void close() {
    OnnxSession.close(session);
  }
}
