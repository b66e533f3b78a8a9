package dev.podium.graph.rows;

import java.util.Arrays;

/** Thrown where rows can't be followed any further; its message says why. */
final class Untraceable extends RuntimeException {
  private static final long serialVersionUID = 1L;

  Untraceable(String message) {
    super(message, null, false, false);
  }

  static Untraceable shapes(String what, int[] a, int[] b) {
    return new Untraceable(
        what + " of shapes " + Arrays.toString(a) + " and " + Arrays.toString(b));
  }
}
