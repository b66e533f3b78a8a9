package dev.podium.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.onnx.TensorInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every model in the repository's folders scores compiled as it does exported, or says why not. */
class ModelFoldersTest {
  private static final double TOLERANCE = 1e-5;
  private static final int[] ROW_COUNTS = {1, 2, 10, 65};

  private static Path models() {
    Path at = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(at.resolve("models/bench"))) {
      at = at.getParent();
      assertThat(at).as("a folder models/bench above the working directory").isNotNull();
    }
    return at.resolve("models");
  }

  static List<Path> versions() throws IOException {
    List<Path> versions = new ArrayList<>();
    for (String kind : List.of("bench", "repository")) {
      Path folder = models().resolve(kind);
      if (!Files.isDirectory(folder)) {
        continue;
      }
      try (Stream<Path> files = Files.walk(folder, 3)) {
        files
            .filter(file -> file.getFileName().toString().equals("model.onnx"))
            .map(Path::getParent)
            .sorted()
            .forEach(versions::add);
      }
    }
    assertThat(versions).as("models under " + models()).hasSizeGreaterThanOrEqualTo(2);
    return versions;
  }

  @ParameterizedTest
  @MethodSource("versions")
  void scoresAreThoseOfTheExportedGraph(Path version) throws IOException, OrtException {
    OnnxGraph graph = OnnxGraph.read(version.resolve("model.onnx"));
    assumeThat(graph.graph().getInitializerList())
        .as("weights of " + version + " lie in its model.onnx")
        .noneMatch(OnnxGraph::isExternal);
    Signature signature = Signature.of(version.getParent(), graph);
    Compilation compilation =
        new RankingCompiler().compile(graph, signature.context(), signature.options());
    if (!(compilation instanceof Compilation.Split split)) {
      assertThat(version.getParent().getParent().getFileName().toString())
          .as("folder of a model that is not split: " + compilation.report().refused())
          .isNotEqualTo("bench");
      assertThat(compilation.report().refused()).extracting(Report.Refused::reason).isNotEmpty();
      System.out.println(version + " is not split: " + compilation.report().refused());
      return;
    }
    try (OrtSession exported = Runtime.session(graph);
        OrtSession contextHalf =
            split.boundary().isEmpty() ? null : Runtime.session(split.contextHalf());
        OrtSession candidateHalf = Runtime.session(split.candidateHalf())) {
      for (int rows : ROW_COUNTS) {
        Map<String, Runtime.Value> inputs = signature.random(graph, rows);
        Map<String, Runtime.Value> once = new HashMap<>();
        inputs.forEach((name, value) -> once.put(name, value.rows(0, 1)));
        Map<String, Runtime.Value> all = new HashMap<>(inputs);
        if (contextHalf != null) {
          all.putAll(Runtime.run(contextHalf, once));
        }
        all.putAll(Runtime.sums(split.bags(), inputs));
        Runtime.compare(Runtime.run(exported, inputs), Runtime.run(candidateHalf, all), TOLERANCE);
      }
    }
  }

  /** What this test reads of a {@code model.yaml}: roles, lengths and vocabularies. */
  private record Signature(Map<String, List<Feature>> byInput) {
    /** A feature; {@code from} is its first column of a matrix of several features, or -1. */
    private record Feature(boolean isContext, int width, boolean isSequence, int from, int ids) {}

    private static final Pattern NAME = Pattern.compile("(?m)^ {2}- name: *(\\S+)");

    static Signature of(Path folder, OnnxGraph graph) throws IOException {
      String yaml = Files.readString(folder.resolve("model.yaml"));
      String features = yaml.substring(yaml.indexOf("features:")).split("\noutputs:")[0];
      Map<String, List<Feature>> byInput = new LinkedHashMap<>();
      Matcher start = NAME.matcher(features);
      List<Integer> starts = new ArrayList<>();
      while (start.find()) {
        starts.add(start.start());
      }
      for (int i = 0; i < starts.size(); i++) {
        int end = i + 1 < starts.size() ? starts.get(i + 1) : features.length();
        String block = features.substring(starts.get(i), end);
        String length = find(block, "length: *(\\d+)", "");
        String from = find(block, "columns: *\\[ *(\\d+)", "-1");
        String to = find(block, "columns: *\\[ *\\d+ *, *(\\d+)", "0");
        boolean isColumns = !from.equals("-1");
        Feature feature =
            new Feature(
                find(block, "role: *(\\w+)", "candidate").equals("context"),
                isColumns
                    ? Integer.parseInt(to) - Integer.parseInt(from)
                    : length.isEmpty() ? 1 : Integer.parseInt(length),
                !length.isEmpty() && !isColumns,
                Integer.parseInt(from),
                ids(block, folder));
        String input = find(block, "input: *(\\S+)", find(block, "name: *(\\S+)", ""));
        byInput.computeIfAbsent(input, key -> new ArrayList<>()).add(feature);
      }
      assertThat(graph.inputs())
          .extracting(TensorInfo::name)
          .as("inputs of the graph in " + folder)
          .allMatch(byInput::containsKey);
      return new Signature(byInput);
    }

    private static int ids(String block, Path folder) {
      int first = Integer.parseInt(find(block, "first_id: *(\\d+)", "0"));
      String file = find(block, "file: *([^,}\\s]+)", "");
      if (!file.isEmpty()) {
        try {
          return first + Files.readAllLines(folder.resolve(file)).size();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
      String size = find(block, "(?:size|buckets): *(\\d+)", "1000000");
      return first + Integer.parseInt(size);
    }

    private static String find(String block, String pattern, String otherwise) {
      Matcher found = Pattern.compile("\\b" + pattern).matcher(block);
      return found.find() ? found.group(1) : otherwise;
    }

    ContextInputs context() {
      ContextInputs.Builder builder = ContextInputs.builder();
      byInput.forEach(
          (input, features) -> {
            for (Feature feature : features) {
              if (feature.isContext() && feature.from() < 0) {
                builder.input(input);
              } else if (feature.isContext()) {
                builder.columns(input, feature.from(), feature.from() + feature.width());
              }
            }
          });
      return builder.build();
    }

    CompilerOptions options() {
      CompilerOptions options = CompilerOptions.defaults();
      for (Map.Entry<String, Long> length : lengths().entrySet()) {
        options = options.withInputShape(length.getKey(), length.getValue());
      }
      return options;
    }

    private Map<String, Long> lengths() {
      Map<String, Long> lengths = new LinkedHashMap<>();
      byInput.forEach(
          (input, features) -> {
            if (features.get(0).isSequence()) {
              lengths.put(input, (long) features.get(0).width());
            }
          });
      return lengths;
    }

    /** Ids within the vocabularies; those of context are the same in all rows. */
    Map<String, Runtime.Value> random(OnnxGraph graph, int rows) {
      Map<String, Runtime.Value> values =
          Runtime.random(
              graph, context(), rows, new Runtime.Inputs(1 << 20, 20_170_613, lengths()));
      values.forEach(
          (input, value) -> {
            int columns = value.size() / rows;
            for (Feature feature : byInput.get(input)) {
              int from = Math.max(feature.from(), 0);
              for (int i = 0; i < value.size(); i++) {
                int column = i % columns;
                boolean own = from <= column && column < from + feature.width();
                if (own && value.longs() != null) {
                  value.longs()[i] %= feature.ids();
                } else if (own && feature.from() >= 0) {
                  value.floats()[i] %= feature.ids();
                }
              }
            }
          });
      return values;
    }
  }
}
