package dev.podium.loadtest.protocol;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import dev.podium.inference.GRPCInferenceServiceGrpc;
import dev.podium.inference.ModelInferRequest;
import dev.podium.inference.ModelInferRequest.InferInputTensor;
import dev.podium.inference.ModelInferResponse;
import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.ranking.v1.RankRequest;
import io.grpc.MethodDescriptor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The Open Inference Protocol: every feature a full tensor, sent as raw bytes. */
public final class OipProtocol implements Protocol {
  private static final MethodDescriptor<byte[], byte[]> METHOD =
      GRPCInferenceServiceGrpc.getModelInferMethod().toBuilder(
              BytesMarshaller.INSTANCE, BytesMarshaller.INSTANCE)
          .build();

  private final TensorMapping mapping;
  private final String version;

  /**
   * The protocol for one model.
   *
   * @param version the model's version as text, empty if the server chooses
   */
  public OipProtocol(TensorMapping mapping, String version) {
    this.mapping = mapping;
    this.version = version;
  }

  @Override
  public String name() {
    return "oip";
  }

  @Override
  public MethodDescriptor<byte[], byte[]> method() {
    return METHOD;
  }

  @Override
  public byte[] encode(RankRequest request) {
    ModelInferRequest.Builder infer =
        ModelInferRequest.newBuilder()
            .setModelName(mapping.model())
            .setModelVersion(version)
            .setId(request.getRequestId());
    int rows = request.getCandidates().getCount();
    Map<String, ByteBuffer> contents = FullTensors.expand(mapping, request);
    for (TensorMapping.Tensor tensor : mapping.tensors()) {
      InferInputTensor.Builder input =
          InferInputTensor.newBuilder()
              .setName(tensor.name())
              .setDatatype(tensor.type().name())
              .addShape(rows);
      if (!tensor.flat()) {
        input.addShape(tensor.columns());
      }
      infer.addInputs(input);
      infer.addRawInputContents(UnsafeByteOperations.unsafeWrap(contents.get(tensor.name())));
    }
    return infer.build().toByteArray();
  }

  @Override
  public Map<String, float[]> decode(byte[] response) {
    ModelInferResponse parsed;
    try {
      parsed = ModelInferResponse.parseFrom(response);
    } catch (InvalidProtocolBufferException e) {
      throw new WorkFailedException("response: not a ModelInferResponse", e);
    }
    Map<String, float[]> scores = new LinkedHashMap<>();
    for (int i = 0; i < parsed.getOutputsCount(); i++) {
      ModelInferResponse.InferOutputTensor output = parsed.getOutputs(i);
      if (output.getDatatype().equals("FP32")) {
        scores.put(
            output.getName(),
            i < parsed.getRawOutputContentsCount()
                ? floats(parsed.getRawOutputContents(i))
                : floats(output.getContents().getFp32ContentsList()));
      }
    }
    if (scores.isEmpty()) {
      throw new WorkFailedException("response: no output of FP32 (expected: at least 1)");
    }
    return scores;
  }

  private static float[] floats(ByteString bytes) {
    float[] values = new float[bytes.size() / Float.BYTES];
    bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }

  private static float[] floats(List<Float> list) {
    float[] values = new float[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i);
    }
    return values;
  }
}
