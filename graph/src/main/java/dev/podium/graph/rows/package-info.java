/**
 * Which rows of its inputs each row of a graph's outputs depends on, read from the graph itself.
 *
 * <p>The analysis follows sets of rows through the exported graph, operator by operator. It shares
 * nothing with the importer and its passes, so neither can hide a mistake of the other.
 */
package dev.podium.graph.rows;
