package dev.podium.server.log;

/** How an event is written. */
public enum LogFormat {
  /** For people: time, level, message; a stack trace below it. */
  TEXT,
  /** For machines: one JSON object a line. */
  JSON
}
