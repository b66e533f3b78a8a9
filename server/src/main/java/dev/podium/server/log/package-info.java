/** How the server's log is written: lines of text or JSON, and how often the same may be said. */
package dev.podium.server.log;
