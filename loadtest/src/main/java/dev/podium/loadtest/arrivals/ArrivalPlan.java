package dev.podium.loadtest.arrivals;

import dev.podium.loadtest.fault.InputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Every arrival of a run, fixed before its clock starts: latency can then count from the moment at
 * which a request <em>should</em> have been sent, whatever the server did to the sender. Immutable.
 */
public final class ArrivalPlan {

  /** The most arrivals that one plan holds: 160 MB of times. */
  public static final int MAX_ARRIVALS = 20_000_000;

  private static final double NANOS_PER_SECOND = 1e9;

  private final long[] offsets;
  private final List<Step> steps;

  private ArrivalPlan(long[] offsets, List<Step> steps) {
    this.offsets = offsets;
    this.steps = List.copyOf(steps);
  }

  /**
   * Plans a run: a warm-up at the first rate, then one step for each rate.
   *
   * @param shape how arrivals are spread; a replay brings its own rate, and {@code rates} must then
   *     be empty
   * @param rates requests a second of each step; greater than 0
   * @param stepNanos length of each step, greater than 0; a replay is cut off there
   * @param warmUpNanos length of the warm-up, 0 for none; a replay's first part is its warm-up
   * @param maxRequests the most arrivals, warm-up included; at least 1
   * @param seed of the Poisson distances
   * @throws InputException if there would be no arrival to measure, or more than {@link
   *     #MAX_ARRIVALS}
   */
  public static ArrivalPlan of(
      ArrivalShape shape,
      List<Double> rates,
      long stepNanos,
      long warmUpNanos,
      long maxRequests,
      long seed) {
    int ceiling = (int) Math.min(maxRequests, MAX_ARRIVALS);
    Builder builder = new Builder(ceiling);
    if (shape instanceof ArrivalShape.Replay replay) {
      if (!rates.isEmpty()) {
        throw new InputException(
            "rate: " + rates + " with " + shape + " (expected: none, the file says when)");
      }
      builder.addReplay(replay, warmUpNanos, stepNanos);
    } else {
      if (rates.isEmpty()) {
        throw new InputException("rate: none (expected: requests a second)");
      }
      double total = rates.get(0) * (double) warmUpNanos / NANOS_PER_SECOND;
      for (double rate : rates) {
        total += rate * stepNanos / NANOS_PER_SECOND;
      }
      if (Math.min(total, (double) maxRequests) > MAX_ARRIVALS) {
        throw new InputException(
            String.format(
                "plan: %.0f requests (expected: at most %d; shorten the duration or set --requests)",
                total, MAX_ARRIVALS));
      }
      SplittableRandom random = new SplittableRandom(seed);
      if (warmUpNanos > 0) {
        builder.addStep(shape, rates.get(0), true, warmUpNanos, random);
      }
      for (double rate : rates) {
        builder.addStep(shape, rate, false, stepNanos, random);
      }
    }
    ArrivalPlan plan = builder.build();
    if (plan.steps.stream().filter(step -> !step.warmUp()).mapToInt(Step::planned).sum() == 0) {
      throw new InputException(
          "plan: no request to measure (expected: at least 1; raise the rate, the duration or --requests)");
    }
    return plan;
  }

  /** Number of arrivals, warm-up included. */
  public int size() {
    return offsets.length;
  }

  /** When an arrival is due, in nanoseconds from the beginning of the plan. */
  public long offsetNanos(int arrival) {
    return offsets[arrival];
  }

  /** The warm-up, if there is one, and the steps, in order; arrivals belong to exactly one each. */
  public List<Step> steps() {
    return steps;
  }

  /** Length of the whole plan in nanoseconds. */
  public long durationNanos() {
    Step last = steps.get(steps.size() - 1);
    return last.startNanos() + last.durationNanos();
  }

  private static final class Builder {
    private final int ceiling;
    private final List<Step> steps = new ArrayList<>();
    private long[] offsets = new long[1024];
    private int count;
    private long start;

    Builder(int ceiling) {
      this.ceiling = ceiling;
    }

    void addStep(
        ArrivalShape shape, double rate, boolean warmUp, long duration, SplittableRandom random) {
      if (count == ceiling) {
        return;
      }
      int first = count;
      if (shape instanceof ArrivalShape.Poisson) {
        double at = 0;
        while (true) {
          at += -Math.log(1 - random.nextDouble()) / rate * NANOS_PER_SECOND;
          if (at >= duration || !add(start + (long) at)) {
            break;
          }
        }
      } else {
        int group = shape instanceof ArrivalShape.Bursts bursts ? bursts.size() : 1;
        // From the arrival's number, not by adding distances up: no error piles up over a long run.
        for (long i = 0; ; i++) {
          long at = (long) ((i / group) * group / rate * NANOS_PER_SECOND);
          if (at >= duration || !add(start + at)) {
            break;
          }
        }
      }
      // A run that its count cut short ends with its last request.
      long length = count == ceiling ? offsets[count - 1] + 1 - start : duration;
      steps.add(new Step(rate, warmUp, start, length, first, count));
      start += length;
    }

    void addReplay(ArrivalShape.Replay replay, long warmUp, long duration) {
      int warm = 0;
      for (int i = 0; i < replay.size(); i++) {
        long time = replay.offsetNanos(i);
        if (time >= warmUp + duration || !add(time)) {
          break;
        }
        if (time < warmUp) {
          warm = count;
        }
      }
      if (warmUp > 0) {
        steps.add(new Step(rate(warm, warmUp), true, 0, warmUp, 0, warm));
      }
      long length = Math.max(1, offsets[count - 1] + 1 - warmUp);
      steps.add(new Step(rate(count - warm, length), false, warmUp, length, warm, count));
    }

    private static double rate(int arrivals, long nanos) {
      return arrivals / (nanos / NANOS_PER_SECOND);
    }

    private boolean add(long offset) {
      if (count == ceiling) {
        return false;
      }
      if (count == offsets.length) {
        offsets = Arrays.copyOf(offsets, (int) Math.min(ceiling, offsets.length * 2L));
      }
      offsets[count++] = offset;
      return true;
    }

    ArrivalPlan build() {
      return new ArrivalPlan(Arrays.copyOf(offsets, count), steps);
    }
  }
}
