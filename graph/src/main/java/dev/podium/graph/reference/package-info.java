/**
 * A graph's function in double precision, against which forms of the graph are judged.
 *
 * <p>It is made from the exported graph alone and shares nothing with the importer and its passes.
 */
package dev.podium.graph.reference;
