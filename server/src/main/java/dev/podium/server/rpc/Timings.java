package dev.podium.server.rpc;

import dev.podium.server.engine.Form;
import dev.podium.server.schedule.RankResult;

/**
 * Where one request's time went, in microseconds.
 *
 * @param form in which the rows ran
 */
record Timings(int queueMicros, int assembleMicros, int inferMicros, int tiles, Form form) {
  static final Timings NONE = new Timings(0, 0, 0, 0, Form.EXPORTED);

  static Timings of(RankResult result) {
    return new Timings(
        result.queueMicros(),
        result.assembleMicros(),
        result.inferMicros(),
        result.tiles(),
        result.form());
  }
}
