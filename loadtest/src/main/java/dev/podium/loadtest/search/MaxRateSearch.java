package dev.podium.loadtest.search;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Finds the highest rate that holds an objective: doubles until a rate misses it, halves the gap
 * until it is narrow, then runs the rate found again. A pure function from the trials made to what
 * to do next.
 *
 * <p>One unlucky run decides nothing: a rate that missed is tried again, and two of three runs
 * decide. Only a server that was plainly overloaded is not asked twice.
 */
public final class MaxRateSearch {

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

  /** A trial: one run at one rate. */
  public record Trial(double rate, Result result) {}

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

  private static final class Votes {
    int held;
    int missed;
    boolean overloaded;
    boolean generator;

    void add(Result result) {
      switch (result) {
        case HELD -> held++;
        case MISSED -> missed++;
        case OVERLOADED -> {
          missed++;
          overloaded = true;
        }
        case VOID -> {
          missed++;
          generator = true;
        }
      }
    }

    boolean isMissed() {
      return overloaded || missed >= 2;
    }

    boolean isHeld() {
      return !isMissed() && held > missed;
    }
  }

  /** The next trial, or the end; the same trials always give the same answer. */
  public static Decision next(Options options, List<Trial> trials) {
    TreeMap<Double, Votes> votes = new TreeMap<>();
    for (Trial trial : trials) {
      votes.computeIfAbsent(trial.rate(), rate -> new Votes()).add(trial.result());
    }
    Map.Entry<Double, Votes> missed = null;
    for (Map.Entry<Double, Votes> entry : votes.entrySet()) {
      if (entry.getValue().isMissed()) {
        missed = entry;
        break;
      }
    }
    Map.Entry<Double, Votes> held = null;
    for (Map.Entry<Double, Votes> entry : votes.entrySet()) {
      if (missed != null && entry.getKey() >= missed.getKey()) {
        break;
      }
      if (entry.getValue().isHeld()) {
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
    Votes lastVotes = votes.get(last);
    if (!lastVotes.isHeld() && !lastVotes.isMissed()) {
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
    if (held.getValue().held < 1 + options.confirmations()) {
      return new Try(held.getKey());
    }
    String reason =
        missed == null
            ? "the highest rate to try held"
            : missed.getValue().generator
                ? "at " + rate(missed.getKey()) + " the generator was late, not the server"
                : rate(missed.getKey()) + " missed";
    return new Found(held.getKey(), true, reason);
  }

  private static String rate(double rate) {
    return String.format(Locale.ROOT, "%.1f/s", rate);
  }
}
