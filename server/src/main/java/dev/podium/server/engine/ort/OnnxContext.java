package dev.podium.server.engine.ort;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtSession;
import dev.podium.server.engine.ContextTensors;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a context half gave, in the runtime's memory, and the context's shares of the bags' sums.
 * May be shared: each share is closed once by its owner, and the memory goes with the last.
 */
final class OnnxContext implements ContextTensors {
  /** The tensors, and how many shares hold them. */
  private static final class Memory {
    private final OrtSession.Result result;
    private final float[][] sums;
    private final int form;
    private final Map<String, OnnxTensor> values = new HashMap<>();
    private final AtomicInteger shares = new AtomicInteger(1);
    private long bytes;

    Memory(OrtSession.Result result, float[][] sums, int form) {
      this.result = result;
      this.sums = sums;
      this.form = form;
    }
  }

  private final Memory memory;
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * @param result null if there is no context half to run
   * @param sums of each bag
   * @param form index of the form whose context half it was
   */
  OnnxContext(OrtSession.Result result, float[][] sums, int form) {
    memory = new Memory(result, sums, form);
    for (float[] sum : sums) {
      memory.bytes += (long) sum.length * Float.BYTES;
    }
    if (result == null) {
      return;
    }
    for (Map.Entry<String, OnnxValue> entry : result) {
      OnnxTensor tensor = (OnnxTensor) entry.getValue();
      memory.values.put(entry.getKey(), tensor);
      memory.bytes += tensor.getInfo().getNumElements() * tensor.getInfo().type.size;
    }
  }

  private OnnxContext(Memory memory) {
    this.memory = memory;
  }

  /** Another share of the same tensors. Only for whoever holds one that is open. */
  OnnxContext share() {
    memory.shares.incrementAndGet();
    return new OnnxContext(memory);
  }

  /** By the names under which the candidate half takes them. */
  Map<String, OnnxTensor> values() {
    return memory.values;
  }

  /** The context's share of each bag's sums. */
  float[][] sums() {
    return memory.sums;
  }

  /** The form whose candidate half takes it. */
  int form() {
    return memory.form;
  }

  @Override
  public long bytes() {
    return memory.bytes;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true) && memory.shares.decrementAndGet() == 0) {
      if (memory.result != null) {
        memory.result.close();
      }
    }
  }
}
