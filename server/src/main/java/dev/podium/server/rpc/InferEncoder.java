package dev.podium.server.rpc;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import dev.podium.inference.ModelInferResponse;
import dev.podium.inference.ModelStreamInferResponse;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.repository.loader.LoadedVersion;
import java.io.IOException;
import java.util.List;

/**
 * Writes an {@code inference.ModelInferResponse} with raw contents into an array of just its size.
 * Scores are FP32, whatever the graph computes with.
 */
final class InferEncoder {
  static final String DATATYPE = "FP32";

  private InferEncoder() {}

  /**
   * An answer's message.
   *
   * @param scores for each output, {@code rows * width} scores
   */
  static byte[] encode(
      String id, LoadedVersion version, List<Output> outputs, List<float[]> scores, int rows) {
    ModelInferResponse.Builder head =
        ModelInferResponse.newBuilder()
            .setId(id)
            .setModelName(version.model())
            .setModelVersion(Long.toString(version.number()));
    for (Output output : outputs) {
      ModelInferResponse.InferOutputTensor.Builder tensor =
          head.addOutputsBuilder().setName(output.name()).setDatatype(DATATYPE).addShape(rows);
      version.rowShape(output).forEach(tensor::addShape);
    }
    ModelInferResponse described = head.build();
    int size = described.getSerializedSize();
    for (float[] values : scores) {
      size += fieldSize(ModelInferResponse.RAW_OUTPUT_CONTENTS_FIELD_NUMBER, bytes(values));
    }
    byte[] message = new byte[size];
    CodedOutputStream out = CodedOutputStream.newInstance(message);
    try {
      described.writeTo(out);
      for (float[] values : scores) {
        startField(ModelInferResponse.RAW_OUTPUT_CONTENTS_FIELD_NUMBER, bytes(values), out);
        for (float value : values) {
          out.writeFloatNoTag(value);
        }
      }
    } catch (IOException e) {
      throw new AssertionError("an array of the right size can't fail to be written", e);
    }
    out.checkNoSpaceLeft();
    return message;
  }

  /** An answer as a message of a stream. */
  static byte[] streamed(byte[] answer) {
    int field = ModelStreamInferResponse.INFER_RESPONSE_FIELD_NUMBER;
    byte[] message = new byte[fieldSize(field, answer.length)];
    CodedOutputStream out = CodedOutputStream.newInstance(message);
    try {
      startField(field, answer.length, out);
      out.writeRawBytes(answer);
    } catch (IOException e) {
      throw new AssertionError("an array of the right size can't fail to be written", e);
    }
    out.checkNoSpaceLeft();
    return message;
  }

  private static int bytes(float[] values) {
    return values.length * Float.BYTES;
  }

  private static int fieldSize(int field, int length) {
    return CodedOutputStream.computeTagSize(field)
        + CodedOutputStream.computeUInt32SizeNoTag(length)
        + length;
  }

  private static void startField(int field, int length, CodedOutputStream out) throws IOException {
    out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    out.writeUInt32NoTag(length);
  }
}
