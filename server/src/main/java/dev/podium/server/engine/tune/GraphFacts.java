package dev.podium.server.engine.tune;

import dev.podium.graph.rows.RowDependence;

/**
 * What is read of an exported graph before it is run.
 *
 * @param rows which rows its results depend on
 * @param thresholds the numbers that it compares with
 */
public record GraphFacts(RowDependence rows, double[] thresholds) {}
