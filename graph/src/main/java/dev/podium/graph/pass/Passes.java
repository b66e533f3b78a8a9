package dev.podium.graph.pass;

import dev.podium.graph.CompilerOptions;
import dev.podium.graph.Report;
import dev.podium.graph.ir.RowFunction;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The passes in their order. */
public final class Passes {
  private Passes() {}

  private static List<Rule> inOrder(CompilerOptions options) {
    TableBudget budget = new TableBudget(options.maxTableBytes());
    return List.of(
        new JoinedParts(),
        new Transposes(),
        new InnerProducts(),
        new FoldScales(),
        new Reassociate(),
        new Gates(),
        new Centre(),
        new SplitSums(),
        new PickedColumns(),
        new EmbeddingBags(budget),
        new TargetAttention(),
        new Pooling(),
        new SumsOfVectors(),
        new LookUps(budget),
        new Reassociate(),
        new UnitsFirst());
  }

  public static RowFunction run(
      RowFunction function,
      CompilerOptions options,
      List<Report.Applied> applied,
      List<Report.Refused> refused) {
    Map<Pass, Integer> counts = new LinkedHashMap<>();
    for (Rule rule : inOrder(options)) {
      if (options.passes().contains(rule.pass())) {
        Rule.Log log = new Rule.Log();
        function = rule.apply(function, log);
        counts.merge(rule.pass(), log.count(), Integer::sum);
        log.refused()
            .forEach(
                (where, why) -> refused.add(new Report.Refused(rule.pass() + " at " + where, why)));
      }
    }
    counts.forEach(
        (pass, count) -> {
          if (count > 0 && pass != Pass.HOIST) {
            applied.add(new Report.Applied(pass, count));
          }
        });
    return function;
  }
}
