package dev.podium.server.engine;

/**
 * How a session is best run, found out when it was loaded. Data alone.
 *
 * @param tileRows the most rows of one tile, at least 1
 * @param mixing what a row's score depends on beside its own row. Whole requests that run alone do
 *     so in the exported form
 * @param rowsForm in what form whole rows run: {@link Form#EXPORTED} or {@link Form#WHOLE}
 * @param rowsCost what a run of whole rows costs
 * @param split when the context half runs once for a request; null if it never does
 */
public record ExecutionPlan(
    int tileRows, RowMixing mixing, Form rowsForm, CostCurve rowsCost, Split split) {

  /**
   * The split form's part of a plan.
   *
   * @param fromRows the smallest number of rows in one request for which it is the cheapest form
   * @param cost what a run of the candidate half costs
   * @param contextMicros what a run of the context half costs, in microseconds
   */
  public record Split(int fromRows, CostCurve cost, double contextMicros) {}

  public ExecutionPlan {
    if (rowsForm == Form.SPLIT) {
      throw new IllegalArgumentException("form of whole rows: split (expected: exported or whole)");
    }
  }

  /** Whether a row's score depends on that row alone. */
  public boolean rowsIndependent() {
    return mixing == RowMixing.NONE;
  }

  /** Whether requests of one context are split at any number of rows. */
  public boolean splits() {
    return split != null;
  }

  /** The form for a request of that many rows, all of the same context. */
  public Form form(int rows) {
    return split != null && rows >= split.fromRows() ? Form.SPLIT : rowsForm;
  }

  /**
   * Whether a request of that many rows is better off if all of them have the same context: it is
   * split, or cut into tiles that it could not be cut into otherwise.
   */
  public boolean gainsFromOneContext(int rows) {
    return form(rows) == Form.SPLIT
        || (rows > tileRows && mixing.cuts(true) && !mixing.cuts(false));
  }

  /** Expected time of one tile, in microseconds; without the context half. */
  public double tileMicros(Form form, int rows) {
    return (form == Form.SPLIT ? split.cost() : rowsCost).micros(rows);
  }

  /** Expected time of what runs once a request, in microseconds. */
  public double contextMicros(Form form) {
    return form == Form.SPLIT ? split.contextMicros() : 0;
  }

  /** Expected time of one request of one context that runs alone on one worker, in microseconds. */
  public double requestMicros(int rows) {
    Form form = form(rows);
    if (!mixing.cuts(true) && form != Form.SPLIT) {
      return rowsCost.micros(rows);
    }
    int full = rows / tileRows;
    int rest = rows % tileRows;
    return contextMicros(form)
        + full * tileMicros(form, tileRows)
        + (rest == 0 ? 0 : tileMicros(form, rest));
  }
}
