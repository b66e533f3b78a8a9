package dev.podium.server.feature.signature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import dev.podium.server.fault.ModelException;
import dev.podium.server.yaml.StrictYaml;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SignatureBuilderTest {
  private static final List<GraphTensor> INPUTS =
      List.of(
          input("user", TensorDtype.INT64, -1),
          input("price", TensorDtype.FLOAT, -1, 3),
          input("history", TensorDtype.INT64, -1, -1),
          input("title", TensorDtype.STRING, -1, 1));

  @Test
  void withoutRulesEveryInputIsACandidateFeature() throws Exception {
    InputLayout layout =
        new SignatureBuilder(
                List.of(
                    input("id", TensorDtype.INT64, -1),
                    input("x", TensorDtype.FLOAT, -1, 4),
                    input("flag", TensorDtype.BOOL, -1, 1),
                    input("word", TensorDtype.STRING, -1)))
            .layOut(List.of(), file -> null);
    assertThat(layout.features())
        .extracting(Feature::name, Feature::role, Feature::kind, Feature::wireType, Feature::width)
        .containsExactly(
            tuple("id", FeatureRole.CANDIDATE, FeatureKind.CATEGORICAL, WireType.INT64, 1),
            tuple("x", FeatureRole.CANDIDATE, FeatureKind.DENSE, WireType.FLOAT, 4),
            tuple("flag", FeatureRole.CANDIDATE, FeatureKind.CATEGORICAL, WireType.INT64, 1),
            tuple("word", FeatureRole.CANDIDATE, FeatureKind.CATEGORICAL, WireType.STRING, 1));
    assertThat(layout.features()).allMatch(Feature::required);
  }

  @Test
  void aLengthGivesTheOpenDimension() throws Exception {
    InputLayout layout =
        layOut(
            "[{name: user, role: context, vocabulary: {size: 10}, default: 0}, {name: price},"
                + " {name: history, length: 5, padding: {side: left}}, {name: title, default: none}]");
    assertThat(layout.inputs().get(2).rowShape()).containsExactly(5);
    Feature history = layout.features().get(2);
    assertThat(history.kind()).isEqualTo(FeatureKind.SEQUENCE);
    assertThat(history.sequence()).isEqualTo(new SequenceRule(0, true, false));
    assertThat(layout.features().get(0).defaultValue()).isEqualTo(0L);
    assertThat(layout.features().get(3).defaultValue()).isEqualTo("none");
  }

  @ParameterizedTest
  @CsvSource({".nan,NaN", ".NaN,NaN", ".inf,Infinity", "-.Inf,-Infinity", "1e3,1000", "-2,-2"})
  void aDefaultMayBeAnyNumberWhereTheFeatureNeedNotBeFinite(String written, double expected)
      throws Exception {
    assertThat(one("finite: false, default: " + written).defaultValue()).isEqualTo(expected);
    if (!Double.isFinite(expected)) {
      assertThatThrownBy(() -> one("default: " + written))
          .isInstanceOf(ModelException.class)
          .hasMessage(
              "model.yaml: feature 'x': default '"
                  + expected
                  + "' (expected: a finite number, or finite: false)");
    }
  }

  private static Feature one(String rules) throws Exception {
    Features features = StrictYaml.read("features: [{name: x, " + rules + "}]", Features.class);
    return new SignatureBuilder(List.of(input("x", TensorDtype.FLOAT, -1)))
        .layOut(features.features(), file -> null)
        .features()
        .get(0);
  }

  /** The list as {@code model.yaml} has it. */
  record Features(List<FeatureConfig> features) {}

  /** As the page, the Python package and the load test have it. */
  @Test
  void theEndIsCutOffUnlessTheFolderSaysOtherwise() throws Exception {
    for (String truncation : List.of("", ", truncation: right", ", truncation: left")) {
      InputLayout layout =
          layOut(
              "[{name: user}, {name: price}, {name: history, length: 5"
                  + truncation
                  + "}, {name: title}]");
      assertThat(layout.features().get(2).sequence().cutLeft())
          .isEqualTo(truncation.contains("left"));
    }
  }

  @Test
  void featuresShareAnInputByColumns() throws Exception {
    InputLayout layout =
        new SignatureBuilder(List.of(input("X", TensorDtype.FLOAT, -1, 6)))
            .layOut(
                configs(
                    "[{name: user, input: X, columns: [0, 1], role: context, vocabulary: {size: 9}},"
                        + " {name: dense, input: X, columns: [1, 3]},"
                        + " {name: hist, input: X, columns: [3, 6], length: 3, vocabulary: {size: 9}}]"),
                file -> null);
    assertThat(layout.features()).extracting(Feature::column).containsExactly(0, 1, 3);
    assertThat(layout.features()).extracting(Feature::width).containsExactly(1, 2, 3);
    assertThat(layout.features())
        .extracting(Feature::wireType)
        .containsExactly(WireType.INT64, WireType.FLOAT, WireType.INT64);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{name: nobody}|model.yaml: feature 'nobody': the graph has no input 'nobody'",
        "{name: ''}|model.yaml: a feature has no name",
        "{name: user}|model.yaml: no feature fills column 0 of input 'price'",
        "{name: user, columns: [0, 2]}|model.yaml: feature 'user': columns [0, 2] (expected: [from, to) within 0 to 1)",
        "{name: user, vocabulary: {size: 0}}|vocabulary size 0 (expected: at least 1)",
        "{name: user, vocabulary: {size: 5}, default: 5}|feature 'user': default '5' (expected: a value of its vocabulary)",
        "{name: user, vocabulary: {size: 5}, out_of_vocabulary: 5}|out_of_vocabulary 5 (expected: 0 to 4)",
        "{name: user, out_of_vocabulary: 1}|out_of_vocabulary 1 (expected: an id of at least 0, and a vocabulary)",
        "{name: user, hash: {buckets: 5}}|hash without a function",
        "{name: user, hash: {function: murmur3, buckets: 0}}|hash buckets 0 (expected: at least 1)",
        "{name: user, dtype: float}|dtype float for user: INT64[rows] (expected: a float or double input)",
        "{name: user, dtype: string}|dtype string for user: INT64[rows] (expected: a vocabulary file or a hash)",
        "{name: user, padding: {value: 1}}|padding or truncation, and kind CATEGORICAL (expected: kind sequence)",
        "{name: price, kind: categorical}|feature 'price': categorical, with 3 columns",
        "{name: price, length: 4}|feature 'price': length 4 (expected: 3",
        "{name: price, default: cheap}|feature 'price': default 'cheap' (expected: a number)",
        "{name: title, vocabulary: {size: 4}}|ids for the text input title: STRING[rows, 1]",
        "{name: price, vocabulary: {size: 99999999}, length: 3}|(expected: at most 16777215, which is exact in price",
      })
  void aRuleThatDoesNotFitTheGraphIsNamed(String rule, String expected) {
    assertThatThrownBy(() -> layOut("[" + rule + ", {name: history, length: 5}]"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining(expected);
  }

  @Test
  void anOpenDimensionWithoutALengthIsNamed() {
    assertThatThrownBy(() -> layOut("[]"))
        .hasMessageContaining("input 'history' has the shape [-1, -1]");
  }

  @Test
  void aFixedRowAxisIsNamed() {
    assertThatThrownBy(
            () ->
                new SignatureBuilder(List.of(input("x", TensorDtype.FLOAT, 1, 4)))
                    .layOut(List.of(), file -> null))
        .hasMessageContaining("input 'x' has the shape [1, 4]");
  }

  @Test
  void twoFeaturesOnOneColumnAreNamed() {
    assertThatThrownBy(
            () ->
                layOut(
                    "[{name: a, input: price, columns: [0, 2]}, {name: b, input: price, columns: [1, 3]},"
                        + " {name: user}, {name: history, length: 2}, {name: title}]"))
        .hasMessage("model.yaml: features 'a' and 'b' both fill column 1 of input 'price'");
  }

  @Test
  void outputsAreChosenAndSplitByColumn() throws Exception {
    List<OutputConfig> configs =
        List.of(new OutputConfig("ctr", "heads", 0), new OutputConfig("cvr", "heads", 1));
    List<TensorSpec> tensors = List.of(new TensorSpec("heads", TensorDtype.FLOAT, List.of(2)));
    Signature signature =
        SignatureBuilder.build(new InputLayout(List.of(), List.of()), configs, tensors);
    assertThat(signature.outputs())
        .containsExactly(
            new Signature.Output("ctr", 0, 0, 1), new Signature.Output("cvr", 0, 1, 1));
    assertThatThrownBy(
            () ->
                SignatureBuilder.build(
                    new InputLayout(List.of(), List.of()),
                    List.of(new OutputConfig("ctr", "heads", 2)),
                    tensors))
        .hasMessage("model.yaml: output 'ctr': column 2 (expected: 0 to 1)");
    assertThatThrownBy(
            () ->
                SignatureBuilder.wantedOutputs(
                    configs, List.of(input("score", TensorDtype.FLOAT, -1))))
        .hasMessage(
            "model.yaml: output 'ctr': the graph has no output 'heads' (expected: one of [score])");
  }

  private static InputLayout layOut(String yaml) throws Exception {
    return new SignatureBuilder(INPUTS).layOut(configs(yaml), file -> null);
  }

  private static List<FeatureConfig> configs(String yaml) throws Exception {
    List<FeatureConfig> configs = new ArrayList<>();
    for (JsonNode node : StrictYaml.tree(yaml)) {
      configs.add(StrictYaml.bind(node, FeatureConfig.class));
    }
    return configs;
  }

  private static GraphTensor input(String name, TensorDtype type, Integer... shape) {
    return new GraphTensor(name, type, type.toString(), List.of(shape));
  }
}
