/**
 * How requests travel: targets and channels, and the two protocols that carry the same workload.
 */
package dev.podium.loadtest.protocol;
