package dev.podium.loadtest.search;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.DoublePredicate;

/**
 * Finds the highest rate that holds an objective: doubles until a rate misses it, halves the gap
 * until it is narrow, then runs the rate found again, in turns with the rate that missed. A pure
 * function from the trials made to what to do next.
 *
 * <p>A single run decides only if the objective held with room to spare, because no mishap makes a
 * run better. If it missed by much, two of three runs decide. Near the limit a run's verdict is
 * half chance, so the majority of several runs decides.
 */
public final class MaxRateSearch {
  /** Stress further from 1 than by this factor is far from the limit. */
  private static final double FAR = 1.3;

  /** Runs that decide on a rate near the limit. */
  private static final int NEAR_RUNS = 7;

  private MaxRateSearch() {}

  /** How one trial ended. */
  public enum Result {
    /** The objective held. */
    HELD,
    /** It did not. */
    MISSED,
    /** It did not, by so much that chance is no explanation. */
    OVERLOADED,
    /** The generator could not keep up: the trial says nothing about the server. */
    VOID
  }

  /**
   * A trial: one run at one rate.
   *
   * @param stress how near it came to the objective: at most 1 if that held, 2 for twice as much as
   *     allowed; infinite if there is no figure
   */
  public record Trial(double rate, Result result, double stress) {}

  /**
   * What the search is asked for.
   *
   * @param start first rate, requests a second
   * @param min the lowest rate to try
   * @param max the highest rate to try
   * @param tolerance width of the last gap as a share of the rate, such as 0.05
   * @param confirmations runs that must hold at the rate found, after the first
   * @param maxTrials the most runs
   */
  public record Options(
      double start, double min, double max, double tolerance, int confirmations, int maxTrials) {}

  /** What to do next. */
  public sealed interface Decision {}

  /** Run at this rate. */
  public record Try(double rate) implements Decision {}

  /**
   * The search is over.
   *
   * @param rate the highest rate that holds; 0 if none does
   * @param confirmed whether it held as often as asked
   * @param reason one sentence
   */
  public record Found(double rate, boolean confirmed, String reason) implements Decision {}

  /** The runs at one rate. */
  private static final class Runs {
    final List<Double> stresses = new ArrayList<>();
    boolean generator;

    void add(Trial trial) {
      stresses.add(trial.stress());
      generator |= trial.result() == Result.VOID;
    }

    long held() {
      return count(stress -> stress <= 1);
    }

    private long count(DoublePredicate which) {
      return stresses.stream().mapToDouble(Double::doubleValue).filter(which).count();
    }

    Verdict verdict() {
      int runs = stresses.size();
      if (2 * count(stress -> stress <= 1 / FAR) > runs) {
        return Verdict.HELD;
      }
      if (runs >= 2 && 2 * count(stress -> stress > FAR) > runs) {
        return Verdict.MISSED;
      }
      if (runs < NEAR_RUNS) {
        return Verdict.OPEN;
      }
      return 2 * held() >= runs ? Verdict.HELD : Verdict.MISSED;
    }

    String text() {
      return "held in " + held() + " of " + stresses.size() + " runs";
    }
  }

  private enum Verdict {
    HELD,
    MISSED,
    OPEN
  }

  /** The next trial, or the end; the same trials always give the same answer. */
  public static Decision next(Options options, List<Trial> trials) {
    TreeMap<Double, Runs> rates = new TreeMap<>();
    for (Trial trial : trials) {
      rates.computeIfAbsent(trial.rate(), rate -> new Runs()).add(trial);
    }
    Map.Entry<Double, Runs> missed = null;
    Map.Entry<Double, Runs> held = null;
    for (Map.Entry<Double, Runs> entry : rates.entrySet()) {
      Verdict verdict = entry.getValue().verdict();
      if (verdict == Verdict.MISSED) {
        missed = entry;
        break;
      }
      if (verdict == Verdict.HELD) {
        held = entry;
      }
    }
    if (trials.size() >= options.maxTrials()) {
      return new Found(
          held == null ? 0 : held.getKey(), false, "stopped after " + trials.size() + " runs");
    }
    if (trials.isEmpty()) {
      return new Try(Math.min(options.start(), options.max()));
    }
    double last = trials.get(trials.size() - 1).rate();
    if (rates.get(last).verdict() == Verdict.OPEN) {
      return new Try(last);
    }
    if (held == null) {
      double half = missed.getKey() / 2;
      return half < options.min()
          ? new Found(
              0,
              false,
              "no rate held, down to "
                  + rate(missed.getKey())
                  + (missed.getValue().generator ? ", where the generator was late" : "")
                  + "; a lower one would be below "
                  + rate(options.min()))
          : new Try(half);
    }
    if (missed == null && held.getKey() < options.max()) {
      return new Try(Math.min(held.getKey() * 2, options.max()));
    }
    if (missed != null && missed.getKey() > held.getKey() * (1 + options.tolerance())) {
      return new Try(Math.sqrt(held.getKey() * missed.getKey()));
    }
    return confirm(options, held, missed);
  }

  private static Decision confirm(
      Options options, Map.Entry<Double, Runs> held, Map.Entry<Double, Runs> missed) {
    int runs = held.getValue().stresses.size();
    if (missed != null
        && missed.getValue().stresses.size() < Math.min(runs, 1 + options.confirmations())) {
      return new Try(missed.getKey());
    }
    if (runs < 1 + options.confirmations() || 2 * held.getValue().held() < runs) {
      return new Try(held.getKey());
    }
    String reason = held.getValue().text();
    if (missed == null) {
      return new Found(held.getKey(), true, "the highest rate to try held");
    }
    return new Found(
        held.getKey(),
        true,
        reason
            + (missed.getValue().generator
                ? "; at " + rate(missed.getKey()) + " the generator was late, not the server"
                : "; " + rate(missed.getKey()) + " " + missed.getValue().text()));
  }

  private static String rate(double rate) {
    return String.format(Locale.ROOT, "%.1f/s", rate);
  }
}
