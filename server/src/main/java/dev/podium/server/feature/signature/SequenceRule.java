package dev.podium.server.feature.signature;

/**
 * How rows of varying length are fitted to the positions of a graph input.
 *
 * @param padding the value of positions that are not filled, as the graph sees it (an id after
 *     look-up, a number)
 * @param padLeft whether the values stand at the end, with the padding before them
 * @param cutLeft whether the first values are dropped from a row that is too long, not the last
 */
public record SequenceRule(double padding, boolean padLeft, boolean cutLeft) {}
