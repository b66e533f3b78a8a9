package dev.podium.server.engine.tune;

import dev.podium.server.fault.ModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The step that gives workers sessions of their own, as far as they may copy the weights. */
final class WorkerSessions {
  private WorkerSessions() {}

  /**
   * What was made.
   *
   * @param count sessions, shared by the workers if there are fewer
   * @param left how many may still be made of other graphs
   * @param notes why there are fewer, a sentence each
   */
  record Made(int count, SessionCopies left, List<String> notes) {
    Made {
      notes = List.copyOf(notes);
    }
  }

  /** Completes a graph's sessions. */
  static Made of(RunnableGraph graph, SessionCopies copies) {
    long bytes = copies.workers() == 1 ? 0 : graph.copiedBytes();
    int count = copies.sessions(bytes);
    List<String> notes = new ArrayList<>();
    if (count < copies.workers()) {
      notes.add(
          String.format(
              Locale.ROOT,
              "%d sessions for %d workers: each holds %.1f MiB of weights (expected: %.1f MiB at"
                  + " most in all after the first)",
              count,
              copies.workers(),
              bytes / 1048576.0,
              copies.maxBytes() / 1048576.0));
    }
    try {
      graph.complete(count);
    } catch (ModelException e) {
      notes.add("workers share sessions: " + e.getMessage());
    }
    return new Made(count, copies.after(count, bytes), notes);
  }
}
