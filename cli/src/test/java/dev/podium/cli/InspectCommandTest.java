package dev.podium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class InspectCommandTest {
  private static final String MODEL = "../models/repository/movies-fm";

  @Test
  void printsTheFunctionAfterEachPassThatChangedIt() {
    Command inspect = Command.run("inspect", MODEL, "--trace-passes");

    assertThat(inspect.status()).isZero();
    assertThat(inspect.out())
        .containsSubsequence("pass HOIST: applied", "imported:\n%0 = ", "pass SPLIT_SUMS (SPLIT):")
        .containsPattern("%\\d+ = context \"\\w+\" int64\\[")
        .containsPattern("result \"\\w+\" rows=0 %\\d+");
  }

  @Test
  void putsTheFunctionsIntoJson() throws Exception {
    Command inspect = Command.run("inspect", MODEL, "--trace-passes", "--output", "json");

    JsonNode passes = new ObjectMapper().readTree(inspect.out()).get("passes");
    assertThat(passes.get(0).get("step").asText()).isEqualTo("imported");
    assertThat(passes.get(1).get("function").asText()).startsWith("%0 = ");
  }
}
