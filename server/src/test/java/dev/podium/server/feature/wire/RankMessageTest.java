package dev.podium.server.feature.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.ranking.v1.RankRequest;
import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RankMessageTest {
  @ParameterizedTest
  @CsvSource({"0, NORMAL", "1, CRITICAL", "2, NORMAL", "3, SHEDDABLE", "77, NORMAL"})
  void readsThePriority(int number, Priority expected) throws RankException {
    assertThat(parse(RankRequest.newBuilder().setPriorityValue(number)).priority())
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void readsWhetherAPartialAnswerIsWelcome(boolean allowed) throws RankException {
    assertThat(parse(RankRequest.newBuilder().setAllowPartial(allowed)).allowPartial())
        .isEqualTo(allowed);
  }

  private static RankMessage parse(RankRequest.Builder request) throws RankException {
    byte[] bytes = request.build().toByteArray();
    return RankMessage.parse(bytes, bytes.length);
  }
}
