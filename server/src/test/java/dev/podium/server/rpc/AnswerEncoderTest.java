package dev.podium.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.Timing;
import dev.podium.server.engine.Form;
import dev.podium.server.rpc.AnswerEncoder.Answer;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnswerEncoderTest {
  @ParameterizedTest
  @CsvSource({
    "EXPORTED, 1, SERVED_FORM_EXPORTED",
    "WHOLE, 1, SERVED_FORM_WHOLE",
    "SPLIT, 7, SERVED_FORM_SPLIT",
    "SPLIT, 0, SERVED_FORM_UNSPECIFIED"
  })
  void saysInWhatFormRowsRan(Form form, int tiles, String told) throws Exception {
    Answer answer =
        new Answer(
            "r",
            "m",
            3,
            List.of(),
            List.of(),
            1,
            null,
            null,
            new int[0],
            new Timings(1, 20, 300, tiles, form),
            List.of());
    Timing timing = RankResponse.parseFrom(AnswerEncoder.encode(answer)).getTiming();
    assertThat(timing.getForm().name()).isEqualTo(told);
    assertThat(timing.getTiles()).isEqualTo(tiles);
    assertThat(timing.getQueueMicros()).isEqualTo(1);
    assertThat(timing.getAssembleMicros()).isEqualTo(20);
    assertThat(timing.getInferMicros()).isEqualTo(300);
  }
}
