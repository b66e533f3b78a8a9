package dev.podium.loadtest.protocol;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.ranking.v1.OutputScores;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import io.grpc.MethodDescriptor;
import java.util.LinkedHashMap;
import java.util.Map;

/** Podium's own protocol: shared features once. */
public final class RankingProtocol implements Protocol {
  private static final MethodDescriptor<byte[], byte[]> METHOD =
      RankingServiceGrpc.getRankMethod().toBuilder(
              BytesMarshaller.INSTANCE, BytesMarshaller.INSTANCE)
          .build();

  @Override
  public String name() {
    return "ranking";
  }

  @Override
  public MethodDescriptor<byte[], byte[]> method() {
    return METHOD;
  }

  @Override
  public byte[] encode(RankRequest request) {
    return request.toByteArray();
  }

  @Override
  public Map<String, float[]> decode(byte[] response) {
    RankResponse parsed;
    try {
      parsed = RankResponse.parseFrom(response);
    } catch (InvalidProtocolBufferException e) {
      throw new WorkFailedException("response: not a RankResponse", e);
    }
    Map<String, float[]> scores = new LinkedHashMap<>();
    for (OutputScores output : parsed.getOutputsList()) {
      float[] values = new float[output.getScoresCount()];
      for (int i = 0; i < values.length; i++) {
        values[i] = output.getScores(i);
      }
      scores.put(output.getName(), values);
    }
    if (scores.isEmpty()) {
      throw new WorkFailedException("response: no outputs (expected: at least 1)");
    }
    return scores;
  }
}
