package dev.podium.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RetryDetailsTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 7, 999, 1000, 1001, 60_000, 3_600_007})
  void areWhatTheGeneratedClassesWrite(long millis) {
    for (String message : new String[] {"queue: full", "ä €", "x".repeat(300), ""}) {
      Status expected =
          Status.newBuilder()
              .setCode(8)
              .setMessage(message)
              .addDetails(
                  Any.pack(
                      RetryInfo.newBuilder()
                          .setRetryDelay(
                              Duration.newBuilder()
                                  .setSeconds(millis / 1000)
                                  .setNanos((int) (millis % 1000) * 1_000_000))
                          .build()))
              .build();
      assertThat(parsed(RetryDetails.encode(8, message, millis))).isEqualTo(expected);
    }
  }

  private static Status parsed(byte[] bytes) {
    try {
      return Status.parseFrom(bytes);
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }
}
