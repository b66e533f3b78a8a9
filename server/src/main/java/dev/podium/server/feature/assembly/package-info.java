/**
 * One request bound to one version, and its values written to the buffers that the runtime reads.
 */
package dev.podium.server.feature.assembly;
