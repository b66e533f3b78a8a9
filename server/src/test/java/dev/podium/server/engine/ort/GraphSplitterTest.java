package dev.podium.server.engine.ort;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.graph.Compilation;
import dev.podium.graph.Report;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.engine.device.Device;
import dev.podium.server.engine.tune.Histories;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.repository.ModelFolder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GraphSplitterTest {
  private static final Path DEEPFM = Path.of("..", "models", "bench", "deepfm");
  private static final Path FILE = DEEPFM.resolve("1/model.onnx");

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void sumsOverBagsLeaveTheGraphOnlyWhereTheDeviceTakesThem(boolean hostSums) throws Exception {
    Signature signature =
        ModelFolder.load(DEEPFM, new OnnxEngine(), EngineOptions.DEFAULT, TuningOptions.OFF)
            .signature();
    GraphSplitter splitter =
        new GraphSplitter(
            new RunnerMaker(null, null, new Histories(signature), signature.inputs(), List.of()),
            null,
            GraphFile.of(FILE),
            OnnxGraph.read(FILE),
            signature,
            TuningOptions.DEFAULT,
            new Device("fake", List.of(16), 1, hostSums, true));

    Compilation.Split split = (Compilation.Split) splitter.compile(List.of(), signature.inputs());

    assertThat(split.bags().isEmpty()).isEqualTo(!hostSums);
    assertThat(
            split.report().applied().stream()
                .map(Report.Applied::pass)
                .anyMatch("EMBEDDING_BAGS"::equals))
        .isEqualTo(hostSums);
  }
}
