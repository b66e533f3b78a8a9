package dev.podium.graph;

import java.util.List;
import java.util.Set;

/** The passes in their order. */
final class Passes {
  private static final List<Rule> RULES =
      List.of(
          new SplitSums(),
          new TargetAttention(),
          new Pooling(),
          new Reassociate(),
          new Gates(),
          new UnitsFirst());

  private Passes() {}

  static RowFunction run(
      RowFunction function,
      Set<Pass> chosen,
      List<Report.Applied> applied,
      List<Report.Refused> refused) {
    for (Rule rule : RULES) {
      if (chosen.contains(rule.pass())) {
        Rule.Log log = new Rule.Log();
        function = rule.apply(function, log);
        if (log.count() > 0) {
          applied.add(new Report.Applied(rule.pass(), log.count()));
        }
        log.refused()
            .forEach(
                (where, why) -> refused.add(new Report.Refused(rule.pass() + " at " + where, why)));
      }
    }
    return function;
  }
}
