package dev.podium.client;

import dev.podium.ranking.v1.Timing;

/**
 * Where one request's time went inside the server. For a request that was split: the longest queue
 * of its parts, the sum of their other times, the sum of their tiles.
 *
 * @param queueMicros from the message's arrival until a worker took it, in microseconds
 * @param assembleMicros from wire columns to the runtime's buffers, in microseconds
 * @param inferMicros in the runtime, summed over the tiles, in microseconds
 * @param tiles number of tiles that it ran in
 */
public record ServerTiming(long queueMicros, long assembleMicros, long inferMicros, int tiles) {
  static ServerTiming of(Timing timing) {
    return new ServerTiming(
        Integer.toUnsignedLong(timing.getQueueMicros()),
        Integer.toUnsignedLong(timing.getAssembleMicros()),
        Integer.toUnsignedLong(timing.getInferMicros()),
        timing.getTiles());
  }
}
