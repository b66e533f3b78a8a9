package dev.podium.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.podium.graph.Report;
import dev.podium.server.TestVersions;
import dev.podium.server.engine.CostCurve;
import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.ExecutionPlan.Split;
import dev.podium.server.engine.ExecutionReport;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.RowMixing;
import dev.podium.server.schedule.ServedVersion;
import dev.podium.server.telemetry.Telemetry;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatusReportTest {
  private static final CostCurve COST = new CostCurve(new int[] {1}, new double[] {1});

  private final ObjectNode node = new ObjectMapper().createObjectNode();

  @ParameterizedTest
  @CsvSource({
    // form of whole rows, split from (0: never), form, has passes
    "EXPORTED, 0, exported, false",
    "WHOLE, 0, whole, true",
    "EXPORTED, 20, split, true",
    "WHOLE, 1, split, true"
  })
  void saysInWhatFormAVersionIsServed(Form rows, int from, String form, boolean passes) {
    Split split = from == 0 ? null : new Split(from, COST, 0);
    Report compiler = new Report(List.of(), List.of(), List.of(), null, null, true);
    StatusReport.describe(
        node,
        new ExecutionPlan(64, RowMixing.NONE, rows, COST, split),
        new ExecutionReport(
            "",
            compiler,
            List.of(),
            List.of(),
            9,
            1e-7,
            1e-7,
            1e-7,
            "double precision",
            RowMixing.NONE,
            "",
            List.of(),
            1));
    assertThat(node.get("form").asText()).isEqualTo(form);
    assertThat(node.get("rows_form").asText()).isEqualTo(rows.word());
    assertThat(node.path("split_from_rows").asInt()).isEqualTo(from);
    assertThat(node.has("passes")).isEqualTo(passes);
  }

  @Test
  void countsRunsOfEachForm() {
    ServedVersion version = TestVersions.named("m");
    Telemetry telemetry = new Telemetry();
    telemetry.tileRan(version, 8, 64, 1, Form.WHOLE, 10);
    telemetry.tileRan(version, 8, 64, 1, Form.WHOLE, 10);
    telemetry.tileRan(version, 8, 64, 1, Form.SPLIT, 10);
    StatusReport.tiles(node, telemetry.of(version));
    assertThat(node).hasToString("{\"tiles_exported\":0,\"tiles_whole\":2,\"tiles_split\":1}");
  }
}
