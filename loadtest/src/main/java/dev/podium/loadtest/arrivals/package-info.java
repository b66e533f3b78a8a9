/**
 * When requests are sent: arrival shapes, the plan made from them, and the pacer that follows it.
 */
package dev.podium.loadtest.arrivals;
