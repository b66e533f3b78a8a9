/** What a run says: its report as data, and as JSON, CSV, a page and lines on a terminal. */
package dev.podium.loadtest.report;
