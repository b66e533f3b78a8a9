/**
 * What passes ask of values: where columns come from, what a sum consists of, what one id decides.
 */
package dev.podium.graph.analysis;
