package dev.podium.graph;

import java.util.List;
import java.util.Set;

/** Runs passes in their order. */
final class Passes {
  private Passes() {}

  static RowFunction run(
      RowFunction function,
      Set<Pass> chosen,
      List<Report.Applied> applied,
      List<Report.Refused> refused) {
    return function;
  }
}
