/** An exported graph to the function of one row: each operator's rule, and where its rows are. */
package dev.podium.graph.importer;
