/**
 * Sends what is planned and records what comes of it: the open loop, its clock, its recordings, its
 * own honesty.
 */
package dev.podium.loadtest.measure;
