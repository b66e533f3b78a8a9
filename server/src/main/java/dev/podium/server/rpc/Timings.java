package dev.podium.server.rpc;

import dev.podium.server.schedule.RankResult;

/**
 * Where one request's time went, in microseconds.
 *
 * @param split whether the compiled form ran
 */
record Timings(int queueMicros, int assembleMicros, int inferMicros, int tiles, boolean split) {
  static final Timings NONE = new Timings(0, 0, 0, 0, false);

  static Timings of(RankResult result) {
    return new Timings(
        result.queueMicros(),
        result.assembleMicros(),
        result.inferMicros(),
        result.tiles(),
        result.split());
  }
}
