/**
 * The Java client: it sends a {@link dev.podium.client.RankingRequest} as columns and returns a
 * {@link dev.podium.client.Ranking}.
 *
 * <p>A request passes {@code RankingRequest} (rows or columns become one wire message), {@code
 * SplittingSender} (sends a large request in parts and merges their answers), {@code GrpcSender}
 * (one call). To coalesce, hedge or balance calls, add one more {@code Sender} between them.
 */
package dev.podium.client;
