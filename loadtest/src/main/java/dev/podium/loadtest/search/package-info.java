/** Objectives, and the search for the highest rate that holds one. */
package dev.podium.loadtest.search;
