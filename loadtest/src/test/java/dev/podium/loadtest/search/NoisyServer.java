package dev.podium.loadtest.search;

import dev.podium.loadtest.search.MaxRateSearch.Result;
import dev.podium.loadtest.search.MaxRateSearch.Trial;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A server with two workers on a shared machine, simulated: ten seconds of the same Poisson
 * arrivals in each run, service times that vary, a machine whose speed drifts by 3 % from run to
 * run, and one run in ten with a pause of 150 ms.
 */
final class NoisyServer {
  private static final double RUN_MILLIS = 10_000;
  private static final double DRIFT = 0.03;
  private static final double MEMORY = 0.5;
  private static final double PAUSE_ODDS = 0.1;
  private static final double PAUSE_MILLIS = 150;
  private static final double OVERLOADED_MILLIS = 1_000;
  private static final long ARRIVALS_SEED = 42;

  private final double serviceMillis;
  private final double boundMillis;
  private final SplittableRandom random;
  private double drift;

  NoisyServer(double serviceMillis, double boundMillis, long seed) {
    this.serviceMillis = serviceMillis;
    this.boundMillis = boundMillis;
    this.random = new SplittableRandom(seed * 7919 + 13);
  }

  Trial trial(double rate) {
    drift = MEMORY * drift + Math.sqrt(1 - MEMORY * MEMORY) * DRIFT * gauss();
    double p99 = p99Millis(rate, serviceMillis * Math.exp(drift));
    Result result =
        p99 <= boundMillis
            ? Result.HELD
            : p99 > OVERLOADED_MILLIS ? Result.OVERLOADED : Result.MISSED;
    return new Trial(rate, result, p99 / boundMillis);
  }

  private double p99Millis(double rate, double service) {
    SplittableRandom arrivals = new SplittableRandom(ARRIVALS_SEED);
    double[] latencies = new double[(int) (rate * RUN_MILLIS / 1000 * 1.5) + 50];
    double[] free = new double[2];
    double pause =
        random.nextDouble() < PAUSE_ODDS ? random.nextDouble() * RUN_MILLIS : Double.MAX_VALUE;
    int count = 0;
    double now = 0;
    while (count < latencies.length) {
      now += exponential(arrivals) / rate * 1000;
      if (now >= RUN_MILLIS) {
        break;
      }
      int worker = free[0] <= free[1] ? 0 : 1;
      double start = Math.max(now, free[worker]);
      double end = start + service * (0.7 + 0.3 * exponential(random));
      if (start <= pause + PAUSE_MILLIS && end > pause) {
        end += PAUSE_MILLIS;
      }
      free[worker] = end;
      latencies[count++] = end - now;
    }
    Arrays.sort(latencies, 0, count);
    return latencies[Math.max(0, (int) Math.ceil(0.99 * count) - 1)];
  }

  private static double exponential(SplittableRandom random) {
    return -Math.log(1 - random.nextDouble());
  }

  private double gauss() {
    double sum = -6;
    for (int i = 0; i < 12; i++) {
      sum += random.nextDouble();
    }
    return sum;
  }
}
