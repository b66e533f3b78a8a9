/**
 * What the server promises under load, shown on a real server in a process of its own: {@code
 * podium stress}. One program shows one promise. It prints its figures side by side, and says
 * whether they meet their targets. A user's load test needs none of it.
 */
package dev.podium.stress;
