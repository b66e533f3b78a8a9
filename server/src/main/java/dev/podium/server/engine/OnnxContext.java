package dev.podium.server.engine;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtSession;
import java.util.HashMap;
import java.util.Map;

/** What a context half gave, in the runtime's memory. */
final class OnnxContext implements ContextTensors {
  private final OrtSession.Result result;
  private final Map<String, OnnxTensor> values = new HashMap<>();
  private final long bytes;

  OnnxContext(OrtSession.Result result) {
    this.result = result;
    long sum = 0;
    for (Map.Entry<String, OnnxValue> entry : result) {
      OnnxTensor tensor = (OnnxTensor) entry.getValue();
      values.put(entry.getKey(), tensor);
      sum += tensor.getInfo().getNumElements() * tensor.getInfo().type.size;
    }
    bytes = sum;
  }

  /** By the names under which the candidate half takes them. */
  Map<String, OnnxTensor> values() {
    return values;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    result.close();
  }
}
