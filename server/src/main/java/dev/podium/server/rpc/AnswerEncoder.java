package dev.podium.server.rpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import dev.podium.ranking.v1.CandidateRange;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.OutputScores;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.ServedForm;
import dev.podium.ranking.v1.Timing;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.feature.wire.CandidateNames;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a {@code podium.ranking.v1.RankResponse} in one pass into an array of just its size: the
 * generated builder would hold every score twice more.
 */
final class AnswerEncoder {
  private AnswerEncoder() {}

  /**
   * What stands in an answer.
   *
   * @param outputs the outputs asked for, in order
   * @param scores for each of them, {@code rows * width} scores in request order
   * @param rows candidates in the request
   * @param positions of the candidates to return, best first; null for all in request order
   * @param names of the candidates; null if there are none
   * @param missing candidates without a score, as pairs: position of the first, position after the
   *     last
   */
  record Answer(
      String requestId,
      String model,
      long version,
      List<Output> outputs,
      List<float[]> scores,
      int rows,
      int[] positions,
      CandidateNames names,
      int[] missing,
      Timings timings,
      List<String> warnings) {}

  private static ServedForm form(Timings timings) {
    if (timings.tiles() == 0) {
      return ServedForm.SERVED_FORM_UNSPECIFIED;
    }
    return switch (timings.form()) {
      case EXPORTED -> ServedForm.SERVED_FORM_EXPORTED;
      case WHOLE -> ServedForm.SERVED_FORM_WHOLE;
      case SPLIT -> ServedForm.SERVED_FORM_SPLIT;
    };
  }

  static byte[] encode(Answer answer) {
    ByteString model =
        ModelSpec.newBuilder()
            .setName(answer.model())
            .setVersion(answer.version())
            .build()
            .toByteString();
    ByteString timing =
        Timing.newBuilder()
            .setQueueMicros(answer.timings().queueMicros())
            .setAssembleMicros(answer.timings().assembleMicros())
            .setInferMicros(answer.timings().inferMicros())
            .setTiles(answer.timings().tiles())
            .setForm(form(answer.timings()))
            .build()
            .toByteString();
    List<ByteString> missing = new ArrayList<>();
    for (int i = 0; i < answer.missing().length; i += 2) {
      int first = answer.missing()[i];
      missing.add(
          CandidateRange.newBuilder()
              .setFirst(first)
              .setCount(answer.missing()[i + 1] - first)
              .build()
              .toByteString());
    }
    byte[] bytes = new byte[size(answer, model, timing, missing)];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    try {
      write(answer, model, timing, missing, out);
    } catch (IOException e) {
      throw new AssertionError("an array of the right size can't fail to be written", e);
    }
    out.checkNoSpaceLeft();
    return bytes;
  }

  private static int size(
      Answer answer, ByteString model, ByteString timing, List<ByteString> missing) {
    int size = 0;
    if (!answer.requestId().isEmpty()) {
      size +=
          CodedOutputStream.computeStringSize(
              RankResponse.REQUEST_ID_FIELD_NUMBER, answer.requestId());
    }
    size += CodedOutputStream.computeBytesSize(RankResponse.MODEL_FIELD_NUMBER, model);
    for (Output output : answer.outputs()) {
      size += messageSize(RankResponse.OUTPUTS_FIELD_NUMBER, outputSize(answer, output));
    }
    int[] positions = answer.positions();
    if (positions != null) {
      size += messageSize(RankResponse.CANDIDATE_INDICES_FIELD_NUMBER, packedSize(positions));
      if (answer.names() != null) {
        size +=
            messageSize(
                RankResponse.CANDIDATE_IDS_FIELD_NUMBER, answer.names().encodedSize(positions));
      }
    }
    size += CodedOutputStream.computeBytesSize(RankResponse.TIMING_FIELD_NUMBER, timing);
    for (String warning : answer.warnings()) {
      size += CodedOutputStream.computeStringSize(RankResponse.WARNINGS_FIELD_NUMBER, warning);
    }
    for (ByteString range : missing) {
      size += CodedOutputStream.computeBytesSize(RankResponse.MISSING_FIELD_NUMBER, range);
    }
    return size;
  }

  private static void write(
      Answer answer,
      ByteString model,
      ByteString timing,
      List<ByteString> missing,
      CodedOutputStream out)
      throws IOException {
    if (!answer.requestId().isEmpty()) {
      out.writeString(RankResponse.REQUEST_ID_FIELD_NUMBER, answer.requestId());
    }
    out.writeBytes(RankResponse.MODEL_FIELD_NUMBER, model);
    int[] positions = answer.positions();
    for (int i = 0; i < answer.outputs().size(); i++) {
      Output output = answer.outputs().get(i);
      float[] scores = answer.scores().get(i);
      startMessage(RankResponse.OUTPUTS_FIELD_NUMBER, outputSize(answer, output), out);
      out.writeString(OutputScores.NAME_FIELD_NUMBER, output.name());
      startMessage(OutputScores.SCORES_FIELD_NUMBER, scoreBytes(answer, output), out);
      if (positions == null) {
        int count = answer.rows() * output.width();
        for (int s = 0; s < count; s++) {
          out.writeFloatNoTag(scores[s]);
        }
      } else {
        for (int position : positions) {
          for (int s = position * output.width(); s < (position + 1) * output.width(); s++) {
            out.writeFloatNoTag(scores[s]);
          }
        }
      }
      out.writeUInt32(OutputScores.WIDTH_FIELD_NUMBER, output.width());
    }
    if (positions != null) {
      startMessage(RankResponse.CANDIDATE_INDICES_FIELD_NUMBER, packedSize(positions), out);
      for (int position : positions) {
        out.writeUInt32NoTag(position);
      }
      if (answer.names() != null) {
        startMessage(
            RankResponse.CANDIDATE_IDS_FIELD_NUMBER, answer.names().encodedSize(positions), out);
        answer.names().encode(positions, out);
      }
    }
    out.writeBytes(RankResponse.TIMING_FIELD_NUMBER, timing);
    for (String warning : answer.warnings()) {
      out.writeString(RankResponse.WARNINGS_FIELD_NUMBER, warning);
    }
    for (ByteString range : missing) {
      out.writeBytes(RankResponse.MISSING_FIELD_NUMBER, range);
    }
  }

  private static int outputSize(Answer answer, Output output) {
    return CodedOutputStream.computeStringSize(OutputScores.NAME_FIELD_NUMBER, output.name())
        + messageSize(OutputScores.SCORES_FIELD_NUMBER, scoreBytes(answer, output))
        + CodedOutputStream.computeUInt32Size(OutputScores.WIDTH_FIELD_NUMBER, output.width());
  }

  private static int scoreBytes(Answer answer, Output output) {
    int candidates = answer.positions() == null ? answer.rows() : answer.positions().length;
    return candidates * output.width() * Float.BYTES;
  }

  private static int packedSize(int[] values) {
    int size = 0;
    for (int value : values) {
      size += CodedOutputStream.computeUInt32SizeNoTag(value);
    }
    return size;
  }

  private static int messageSize(int field, int length) {
    return CodedOutputStream.computeTagSize(field)
        + CodedOutputStream.computeUInt32SizeNoTag(length)
        + length;
  }

  private static void startMessage(int field, int length, CodedOutputStream out)
      throws IOException {
    out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    out.writeUInt32NoTag(length);
  }
}
