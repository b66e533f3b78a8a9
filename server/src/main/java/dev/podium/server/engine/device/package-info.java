/**
 * What a device can do: tile sizes to try, runs at once, sums in the host's memory, how cost is
 * measured. Knows neither models nor the runtime.
 */
package dev.podium.server.engine.device;
