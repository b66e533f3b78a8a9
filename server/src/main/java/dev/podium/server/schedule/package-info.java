/**
 * Tiles, queue, workers, deadlines, cancellation. A request becomes tiles; free workers take the
 * tile that is due next. A slow p99 is looked for here first.
 *
 * <p>What runs next and what is refused is decided by {@link TileQueue} and the pure functions that
 * it uses, which know neither threads nor clocks; {@link TileScheduler} puts the mechanism around
 * it together, and {@link SchedulerState} holds what its parts share, with the rules of the lock.
 */
package dev.podium.server.schedule;
