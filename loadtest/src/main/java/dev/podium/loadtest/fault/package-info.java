/** What can go wrong with a run: one line of text and the exit status that belongs to it. */
package dev.podium.loadtest.fault;
