/**
 * When requests are sent: written times and rates, arrival shapes, the plan made from them, and the
 * pacer that follows it.
 */
package dev.podium.loadtest.arrivals;
