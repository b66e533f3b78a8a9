/**
 * The ranking session: what loads a graph, what runs tiles of it, and the plan by which it is run.
 * Interfaces and data; {@code engine.ort} implements them.
 */
package dev.podium.server.engine;
