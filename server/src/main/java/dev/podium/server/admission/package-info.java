/**
 * What is let in at all: an adaptive limit on the rows in flight, and a bound on the bytes of
 * requests in flight. Refused work is looked for here first, then in {@code schedule}'s shedding
 * policy.
 */
package dev.podium.server.admission;
