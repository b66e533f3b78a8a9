package dev.podium.server.engine.ort;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.TensorSpec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The runtime's view of the first rows of some buffers, by name. Numbers are seen where they lie,
 * so the view stays right when the buffers are refilled; text is copied by the runtime, so its
 * tensors are made anew by {@link #refreshText}.
 */
final class OnnxTensors implements AutoCloseable {
  private final OrtEnvironment environment;
  private final TensorBuffers buffers;
  private final int rows;
  private final Map<String, OnnxTensor> values = new HashMap<>();
  private final Map<String, OnnxTensor> all = new HashMap<>();
  private final List<Integer> textInputs = new ArrayList<>();

  private OnnxTensors(OrtEnvironment environment, TensorBuffers buffers, int rows) {
    this.environment = environment;
    this.buffers = buffers;
    this.rows = rows;
  }

  /** Over the buffers of the given names. */
  static OnnxTensors over(
      OrtEnvironment environment, TensorBuffers buffers, int rows, Set<String> names)
      throws OrtException {
    OnnxTensors tensors = new OnnxTensors(environment, buffers, rows);
    try {
      for (int i = 0; i < buffers.specs().size(); i++) {
        TensorSpec spec = buffers.specs().get(i);
        if (!names.contains(spec.name())) {
          continue;
        }
        if (spec.type() == TensorDtype.STRING) {
          tensors.textInputs.add(i);
        } else {
          ByteBuffer view = buffers.numbers(i).duplicate().order(buffers.numbers(i).order());
          view.limit(rows * buffers.rowBytes(i));
          tensors.values.put(
              spec.name(),
              OnnxTensor.createTensor(environment, view, spec.shape(rows), type(spec.type())));
        }
      }
      tensors.refreshText();
      return tensors;
    } catch (OrtException e) {
      tensors.close();
      throw e;
    }
  }

  int rows() {
    return rows;
  }

  /**
   * The tensors by name, and others besides, which stay their owner's. The map is good until the
   * next call.
   */
  Map<String, OnnxTensor> with(Map<String, OnnxTensor> others) {
    if (others.isEmpty()) {
      return values;
    }
    all.putAll(values);
    all.putAll(others);
    return all;
  }

  /** Has the runtime copy the text that the buffers hold now. */
  void refreshText() throws OrtException {
    for (int input : textInputs) {
      TensorSpec spec = buffers.specs().get(input);
      String[] text = Arrays.copyOf(buffers.strings(input), rows * buffers.rowElements(input));
      OnnxTensor old =
          values.put(spec.name(), OnnxTensor.createTensor(environment, text, spec.shape(rows)));
      if (old != null) {
        old.close();
      }
    }
  }

  private static OnnxJavaType type(TensorDtype type) {
    return switch (type) {
      case INT32 -> OnnxJavaType.INT32;
      case INT64 -> OnnxJavaType.INT64;
      case FLOAT -> OnnxJavaType.FLOAT;
      case DOUBLE -> OnnxJavaType.DOUBLE;
      case BOOL -> OnnxJavaType.BOOL;
      case STRING -> OnnxJavaType.STRING;
    };
  }

  @Override
  public void close() {
    values.values().forEach(OnnxTensor::close);
  }
}
