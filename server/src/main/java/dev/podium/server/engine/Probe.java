package dev.podium.server.engine;

import dev.podium.server.feature.assembly.TensorBuffers;

/**
 * Inputs on which the forms of a graph are compared, and with which they are warmed up: one
 * request, its context in every row.
 *
 * @param rows holds {@code count} rows
 * @param count at least 1
 * @param sharesContext whether all rows have the same context, so that the split form may run
 */
public record Probe(TensorBuffers rows, int count, boolean sharesContext) {}
