/**
 * One run from its settings to its report: connections, the warm-up, the steps or the search, and
 * the comparison of scores.
 */
package dev.podium.loadtest.run;
