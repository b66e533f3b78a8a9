package dev.podium.server.engine;

/**
 * How the cache of context halves is used.
 *
 * @param hits requests that found their context there
 * @param misses requests that computed it
 * @param entries contexts held now
 * @param bytes memory that they take
 */
public record ContextCacheStatus(long hits, long misses, int entries, long bytes) {}
