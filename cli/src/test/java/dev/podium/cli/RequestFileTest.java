package dev.podium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.podium.ranking.v1.RankRequest;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RequestFileTest {
  private static final String EXPECTED = " (expected: a RankRequest in protobuf's JSON form)";

  @Test
  void bothSpellingsOfFieldNamesAreRead() {
    RankRequest request = RequestFile.parse("r", "{\"topK\": 3, \"request_id\": \"é\"}");

    assertThat(request.getTopK()).isEqualTo(3);
    assertThat(request.getRequestId()).isEqualTo("é");
  }

  @Test
  void aDashIsStandardInput() {
    InputStream in = new ByteArrayInputStream("{\"topK\": 3}".getBytes(StandardCharsets.UTF_8));

    assertThat(RequestFile.read("-", in).getTopK()).isEqualTo(3);
  }

  @Test
  void aFileThatIsNotThereOrIsAFolderIsWrong(@TempDir Path folder) {
    String missing = folder.resolve("none.json").toString();

    assertThatThrownBy(() -> RequestFile.read(missing, InputStream.nullInputStream()))
        .isInstanceOfSatisfying(CommandException.class, e -> assertThat(e.status()).isEqualTo(2))
        .hasMessage(missing + ": no such file");
    assertThatThrownBy(() -> RequestFile.read(folder.toString(), InputStream.nullInputStream()))
        .isInstanceOfSatisfying(CommandException.class, e -> assertThat(e.status()).isEqualTo(2))
        .hasMessageStartingWith(folder + ": can't be read");
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource
  void wrongJsonIsToldWithLineAndColumn(String json, String message) {
    assertThatThrownBy(() -> RequestFile.parse("r.json", json))
        .isInstanceOfSatisfying(CommandException.class, e -> assertThat(e.status()).isEqualTo(2))
        .hasMessageStartingWith(message);
  }

  static Stream<Arguments> wrongJsonIsToldWithLineAndColumn() {
    return Stream.of(
        arguments("", "r.json: line 1, column 1: no JSON object (expected: a RankRequest)"),
        arguments("[1]", "r.json: line 1, column 1: no JSON object (expected: a RankRequest)"),
        arguments("{", "r.json: line 1, column 2: Unexpected end-of-input"),
        arguments("{\n  \"topK\" 3\n}", "r.json: line 2, column 10: Unexpected character ('3'"),
        arguments("{\"topK\": 3,}", "r.json: line 1, column 12: Unexpected character ('}'"),
        arguments("{\"topK\": 3} x", "r.json: line 1, column 13: Unrecognized token 'x'"),
        arguments(
            "{\"topK\": 3}\n{}",
            "r.json: line 2, column 1: more after the end of the object (expected: one RankRequest)"),
        arguments(
            "{\"topK\": 3, \"topK\": 4}", "r.json: line 1, column 19: Duplicate field 'topK'"),
        arguments(
            "{\n \"candidats\": {}\n}",
            "r.json: line 2, column 2: Cannot find field: candidats in message"
                + " podium.ranking.v1.RankRequest"
                + EXPECTED),
        arguments(
            "{\n \"topK\":\n  \"many\"}",
            "r.json: line 3, column 3: Not an int32 value: \"many\"" + EXPECTED),
        arguments(
            "{\"candidates\": {\"columns\": [{\"raw\": {\"dtype\": \"FOO\"}}]}}",
            "r.json: line 1, column 47: Invalid enum value: FOO for enum type:"
                + " podium.ranking.v1.DataType"
                + EXPECTED),
        arguments(
            "{\"context\": [{\"raw\": {\"data\": \"!!\"}}]}",
            "r.json: com.google.common.io.BaseEncoding$DecodingException: Unrecognized character: !"
                + EXPECTED));
  }
}
