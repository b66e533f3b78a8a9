package dev.podium.server.repository.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.repository.source.FolderNames.Reading;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FolderNamesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1                    | 1
          12                   | 12
          00000002             | 2
          20261127203000       | 20261127203000
          1700000000000000000  | 1700000000000000000
          9223372036854775807  | 9223372036854775807
          9223372036854775808  | no version: (expected: a version's number, at most 9223372036854775807)
          99999999999999999999 | no version: (expected: a version's number, at most 9223372036854775807)
          0                    | no version: (expected: a version's number, from 1)
          000                  | no version: (expected: a version's number, from 1)
          v2                   | no version: (expected: a version's number alone, such as 2 or 00000002)
          V10-final            | no version: (expected: a version's number alone, such as 2 or 00000002)
          2.1                  | no version: (expected: a version's number alone, such as 2 or 00000002)
          3-old                | no version: (expected: a version's number alone, such as 2 or 00000002)
          1 (copy)             | no version: (expected: a version's number alone, such as 2 or 00000002)
          vocabulary           | other
          notes                | other
          -1                   | other
          """)
  void versions(String name, String expected) {
    Reading reading = FolderNames.version(name);
    String read =
        reading instanceof Reading.Version version
            ? Long.toString(version.number())
            : reading instanceof Reading.NoVersion no ? "no version: " + no.why() : "other";
    assertThat(read).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          movies-din  | true
          a.b_C-9     | true
          2           | true
          my model    | false
          clicks+buys | false
          modèle      | false
          .git        | false
          ..data      | false
          ..          | false
          __MACOSX    | false
          lost+found  | false
          @eaDir      | false
          """)
  void modelNames(String name, boolean right) {
    assertThat(FolderNames.isModelName(name)).isEqualTo(right);
    assertThat(FolderNames.isHidden(name) || FolderNames.notAModel(name) != null)
        .as("what is no name is hidden or has a reason")
        .isEqualTo(!right);
  }
}
