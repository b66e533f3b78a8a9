/**
 * What a model takes and gives: features, the graph inputs that they fill, and how values become
 * ids.
 */
package dev.podium.server.feature.signature;
