/**
 * How one model is best run: the steps from the exported graph to a plan, each with an immutable
 * result. Runs graphs through interfaces, which {@code ort} implements.
 */
package dev.podium.server.engine.tune;
