package dev.podium.client;

/** Messages for mistakes in use: the thing, what came, what was expected. */
final class Problem {
  private Problem() {}

  static IllegalArgumentException feature(String name, String came, String expected) {
    return of("feature '" + name + "'", came, expected);
  }

  static IllegalArgumentException of(String thing, String came, String expected) {
    return new IllegalArgumentException(thing + ": " + came + " (expected: " + expected + ")");
  }
}
