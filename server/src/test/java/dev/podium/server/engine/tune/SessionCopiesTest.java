package dev.podium.server.engine.tune;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SessionCopiesTest {
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    // workers, room for copies, weights of one session, sessions, room that is left
    "one for each worker,     4, 300, 100, 4, 0",
    "no more than workers,    4, 900, 100, 4, 600",
    "as many as there's room, 4, 299, 100, 3, 99",
    "the first is no copy,    4,  99, 100, 1, 99",
    "no room at all,          4,   0, 100, 1, 0",
    "nothing to copy,         4, 900,   0, 4, 900",
    "one worker,              1, 900, 100, 1, 900"
  })
  void sessions(String what, int workers, long room, long weights, int sessions, long left) {
    SessionCopies copies = new SessionCopies(workers, room);
    assertThat(copies.sessions(weights)).as(what).isEqualTo(sessions);
    assertThat(copies.after(sessions, weights)).isEqualTo(new SessionCopies(workers, left));
  }
}
