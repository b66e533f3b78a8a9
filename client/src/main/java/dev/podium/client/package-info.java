/**
 * The Java client: a {@link dev.podium.client.RankingRequest} goes out as columns, a {@link
 * dev.podium.client.Ranking} comes back.
 *
 * <p>A request's way: {@code RankingRequest} (rows or columns become one wire message), {@code
 * SplittingSender} (a request above the ceiling leaves in parts and is merged), {@code GrpcSender}
 * (one call). What will coalesce, hedge or balance calls is one more {@code Sender} between them.
 */
package dev.podium.client;
