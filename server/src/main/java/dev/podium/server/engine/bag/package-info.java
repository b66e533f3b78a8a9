/**
 * Sums over bags of table rows, added up in the buffers of one worker before the candidate half
 * runs.
 */
package dev.podium.server.engine.bag;
