/**
 * One version folder into memory: its {@code model.yaml}, graph, signature, and the examples that
 * it brings.
 */
package dev.podium.server.repository.loader;
