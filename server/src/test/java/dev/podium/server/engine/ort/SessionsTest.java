package dev.podium.server.engine.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SessionsTest {
  private static final String FILE = "../models/repository/movies-lr/1/model.onnx";

  private int made;

  @Test
  void eachBorrowerHasASessionOfItsOwnAsLongAsThereAreAny() throws Exception {
    try (Sessions sessions = new Sessions(make(), () -> 0, this::make)) {
      sessions.complete(3);
      assertThat(made).isEqualTo(3);
      OrtSession first = sessions.lend();
      OrtSession second = sessions.lend();
      OrtSession third = sessions.lend();
      assertThat(Set.of(first, second, third)).hasSize(3);

      sessions.giveBack(second);
      assertThat(sessions.lend()).isSameAs(second);
      assertThat(sessions.lend()).as("shared, where there are no more").isSameAs(first);
    }
  }

  @Test
  void whatWasMadeBeforeAFailureIsLent() throws Exception {
    Sessions.Maker failing =
        () -> {
          if (made == 2) {
            throw new OrtException("no memory");
          }
          return make();
        };
    try (Sessions sessions = new Sessions(make(), () -> 0, failing)) {
      assertThatThrownBy(() -> sessions.complete(4)).hasMessage("no memory");
      assertThat(sessions.lend()).isNotSameAs(sessions.lend());
      assertThat(made).isEqualTo(2);
    }
  }

  private OrtSession make() throws OrtException {
    made++;
    return OrtEnvironment.getEnvironment().createSession(FILE);
  }
}
