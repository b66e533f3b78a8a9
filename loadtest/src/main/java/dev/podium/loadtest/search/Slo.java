package dev.podium.loadtest.search;

import dev.podium.loadtest.arrivals.Durations;
import dev.podium.loadtest.fault.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A service-level objective: terms that must all hold, such as {@code p99=20ms,errors=0.1%}.
 * Immutable.
 *
 * <p>Terms: {@code pN} (any percentile, {@code p99.9} too), {@code max} and {@code mean} bound
 * latency from above; {@code errors} bounds the share of failed requests from above; {@code rate}
 * bounds the answered requests a second from below. In percentiles and {@code max} a failed request
 * counts as later than any.
 */
public final class Slo {
  private static final Pattern QUANTILE = Pattern.compile("p([0-9]{1,2}(?:\\.[0-9]+)?)");
  private static final String EXPECTED =
      " (expected: terms like p99=20ms, mean=5ms, max=1s, errors=0.1% or rate=200, separated by commas)";

  private final List<Term> terms;

  private Slo(List<Term> terms) {
    this.terms = List.copyOf(terms);
  }

  private enum Kind {
    QUANTILE,
    MEAN,
    ERRORS,
    RATE
  }

  private record Term(String text, String name, Kind kind, double quantile, double bound) {}

  /**
   * One term's verdict.
   *
   * @param line what came and what was expected
   */
  public record Check(String term, boolean held, String line) {}

  /**
   * Reads an objective.
   *
   * @throws InputException naming the term that can't be read
   */
  public static Slo parse(String text) {
    List<Term> terms = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      terms.add(term(part.strip()));
    }
    return new Slo(terms);
  }

  private static Term term(String text) {
    int equals = text.indexOf('=');
    if (equals < 1) {
      throw new InputException("objective: '" + text + "'" + EXPECTED);
    }
    String name = text.substring(0, equals).strip();
    String value = text.substring(equals + 1).strip();
    Matcher quantile = QUANTILE.matcher(name);
    if (quantile.matches()) {
      double q = Double.parseDouble(quantile.group(1)) / 100;
      return new Term(text, name, Kind.QUANTILE, q, millis(name, value));
    }
    return switch (name) {
      case "max" -> new Term(text, name, Kind.QUANTILE, 1, millis(name, value));
      case "mean" -> new Term(text, name, Kind.MEAN, 0, millis(name, value));
      case "errors" -> new Term(text, name, Kind.ERRORS, 0, share(text, value));
      case "rate" -> new Term(text, name, Kind.RATE, 0, number(text, value));
      default -> throw new InputException("objective: '" + text + "'" + EXPECTED);
    };
  }

  private static double millis(String name, String value) {
    return Durations.parseNanos("objective " + name, value) / 1e6;
  }

  private static double share(String text, String value) {
    double share =
        value.endsWith("%")
            ? number(text, value.substring(0, value.length() - 1)) / 100
            : number(text, value);
    if (share > 1) {
      throw new InputException(
          "objective: '" + text + "' (expected: errors from 0 to 1, or 0% to 100%)");
    }
    return share;
  }

  private static double number(String text, String value) {
    if (!value.matches("[0-9]+(\\.[0-9]+)?")) {
      throw new InputException("objective: '" + text + "'" + EXPECTED);
    }
    return Double.parseDouble(value);
  }

  /** The verdict on every term, in order. */
  public List<Check> check(StepFigures figures) {
    return terms.stream().map(term -> check(term, figures)).toList();
  }

  /** Whether all terms hold. */
  public boolean holds(StepFigures figures) {
    return check(figures).stream().allMatch(Check::held);
  }

  /**
   * How near a step is to breaking the objective: at most 1 if all terms hold, 2 if one came to
   * twice what is allowed; infinite if a term has no figure, or failed requests where none may.
   */
  public double stress(StepFigures figures) {
    double most = 0;
    for (Term term : terms) {
      double came = came(term, figures);
      double allowed = term.bound();
      double stress = term.kind() == Kind.RATE ? allowed / came : came / allowed;
      if (came == 0 && allowed == 0) {
        stress = 0;
      }
      most = Math.max(most, Double.isNaN(stress) ? Double.POSITIVE_INFINITY : stress);
    }
    return most;
  }

  private static double came(Term term, StepFigures figures) {
    return switch (term.kind()) {
      case QUANTILE -> figures.quantileMillis(term.quantile());
      case MEAN -> figures.meanMillis();
      case ERRORS -> figures.errorShare();
      case RATE -> figures.answeredPerSecond();
    };
  }

  private static Check check(Term term, StepFigures figures) {
    double came = came(term, figures);
    // Written so that NaN, which stands for no figure, never holds.
    boolean held = term.kind() == Kind.RATE ? came >= term.bound() : came <= term.bound();
    String line =
        term.name()
            + ": "
            + show(term.kind(), came)
            + (term.kind() == Kind.RATE ? " (expected: at least " : " (expected: at most ")
            + show(term.kind(), term.bound())
            + ")";
    return new Check(term.text(), held, line);
  }

  private static String show(Kind kind, double value) {
    return switch (kind) {
      case QUANTILE, MEAN ->
          Double.isInfinite(value)
              ? "never, too many requests failed"
              : String.format(Locale.ROOT, "%.2f ms", value);
      case ERRORS -> String.format(Locale.ROOT, "%.3f %%", value * 100);
      case RATE -> String.format(Locale.ROOT, "%.1f/s", value);
    };
  }

  @Override
  public String toString() {
    return String.join(",", terms.stream().map(Term::text).toList());
  }
}
