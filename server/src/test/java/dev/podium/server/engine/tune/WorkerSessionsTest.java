package dev.podium.server.engine.tune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.engine.tune.WorkerSessions.Made;
import java.util.List;
import org.junit.jupiter.api.Test;

class WorkerSessionsTest {
  private final FakeModel.Graph graph = new FakeModel().exported;

  @Test
  void eachWorkerHasItsOwnWhereThereIsRoom() {
    graph.copiedBytes = 1 << 20;
    Made made = WorkerSessions.of(graph, new SessionCopies(4, 3 << 20));
    assertThat(made).isEqualTo(new Made(4, new SessionCopies(4, 0), List.of()));
    assertThat(graph.sessions).isEqualTo(4);
  }

  @Test
  void saysWhyWorkersShare() {
    graph.copiedBytes = 1 << 20;
    Made made = WorkerSessions.of(graph, new SessionCopies(4, 1 << 20));
    assertThat(made.count()).isEqualTo(2);
    assertThat(made.notes())
        .containsExactly(
            "2 sessions for 4 workers: each holds 1.0 MiB of weights (expected: 1.0 MiB at most in"
                + " all after the first)");
  }

  @Test
  void oneWorkerCopiesNothing() {
    graph.copiedBytes = 1 << 20;
    SessionCopies copies = new SessionCopies(1, 100);
    assertThat(WorkerSessions.of(graph, copies)).isEqualTo(new Made(1, copies, List.of()));
  }
}
