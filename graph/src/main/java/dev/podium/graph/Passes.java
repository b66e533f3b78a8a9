package dev.podium.graph;

import java.util.List;

/** The passes in their order. */
final class Passes {
  private Passes() {}

  private static List<Rule> inOrder(CompilerOptions options) {
    return List.of(
        new FoldScales(),
        new Gates(),
        new Centre(),
        new SplitSums(),
        new Tables(options.maxTableBytes()),
        new TargetAttention(),
        new Pooling(),
        new Reassociate(),
        new UnitsFirst());
  }

  static RowFunction run(
      RowFunction function,
      CompilerOptions options,
      List<Report.Applied> applied,
      List<Report.Refused> refused) {
    for (Rule rule : inOrder(options)) {
      if (options.passes().contains(rule.pass())) {
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
