package dev.podium.server.rpc;

/** Where one request's time went, in microseconds. */
record Timings(int queueMicros, int assembleMicros, int inferMicros, int tiles) {
  static final Timings NONE = new Timings(0, 0, 0, 0);
}
