/** Passes over the function of one row, and the order in which they run. */
package dev.podium.graph.pass;
