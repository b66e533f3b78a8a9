package dev.podium.loadtest.workload;

import java.util.random.RandomGenerator;

/**
 * Ranks 1 to n, rank k with probability proportional to k<sup>-s</sup>, in constant time and
 * memory: rejection-inversion after W. Hörmann and G. Derflinger, "Rejection-inversion to generate
 * variates from monotone discrete distributions", ACM TOMACS 6(3), 1996. Immutable.
 */
public final class Zipf {
  private final long n;
  private final double exponent;
  private final double areaBelowFirst;
  private final double areaBelowLast;
  private final double acceptAtOnce;

  /**
   * A distribution.
   *
   * @param n number of ranks, at least 1
   * @param exponent s, at least 0; 0 is uniform
   */
  public Zipf(long n, double exponent) {
    if (n < 1 || !(exponent >= 0)) {
      throw new IllegalArgumentException(
          "n: " + n + ", exponent: " + exponent + " (expected: n >= 1 and exponent >= 0)");
    }
    this.n = n;
    this.exponent = exponent;
    this.areaBelowFirst = area(1.5) - 1;
    this.areaBelowLast = area((double) n + 0.5);
    this.acceptAtOnce = 2 - inverseArea(area(2.5) - density(2));
  }

  /** Number of ranks. */
  public long size() {
    return n;
  }

  /** Draws a rank from 1 (the most frequent) to n. */
  public long sample(RandomGenerator random) {
    if (n == 1) {
      return 1;
    }
    while (true) {
      double u = areaBelowLast + random.nextDouble() * (areaBelowFirst - areaBelowLast);
      double x = inverseArea(u);
      long k = Math.min(n, Math.max(1, (long) (x + 0.5)));
      if (k - x <= acceptAtOnce || u >= area((double) k + 0.5) - density((double) k)) {
        return k;
      }
    }
  }

  private double density(double x) {
    return Math.exp(-exponent * Math.log(x));
  }

  /**
   * Integral of the density from 1 to x; the limit of the power form where the exponent nears 1.
   */
  private double area(double x) {
    double log = Math.log(x);
    double t = (1 - exponent) * log;
    return Math.abs(t) < 1e-8 ? log * (1 + t / 2) : Math.expm1(t) / (1 - exponent);
  }

  private double inverseArea(double y) {
    double t = Math.max(-1, y * (1 - exponent));
    return Math.exp(Math.abs(t) < 1e-8 ? y * (1 - t / 2) : Math.log1p(t) / (1 - exponent));
  }
}
