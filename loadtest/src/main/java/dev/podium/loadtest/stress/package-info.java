/**
 * What the server promises under stress, shown on a real server in a process of its own: one
 * program for each promise, which prints its figures side by side and whether they meet their
 * targets.
 */
package dev.podium.loadtest.stress;
