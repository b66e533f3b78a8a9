package dev.podium.server.feature.signature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class VocabularyTest {
  @Test
  void everyEntryIsFoundAtItsPosition() {
    List<String> entries = IntStream.range(0, 5000).mapToObj(i -> "entry " + i * 7).toList();
    Vocabulary vocabulary = new Vocabulary(entries);
    for (int i = 0; i < entries.size(); i++) {
      assertThat(find(vocabulary, entries.get(i))).isEqualTo(i);
      assertThat(vocabulary.entry(i)).isEqualTo(entries.get(i));
    }
    assertThat(find(vocabulary, "entry 1")).isEqualTo(-1);
    assertThat(find(vocabulary, "")).isEqualTo(-1);
  }

  @Test
  void wholeNumbersAreFoundByTheirDigits() {
    Vocabulary vocabulary =
        new Vocabulary(List.of("0", "-17", "9223372036854775807", "-9223372036854775808", "007"));
    assertThat(vocabulary.find(0)).isEqualTo(0);
    assertThat(vocabulary.find(-17)).isEqualTo(1);
    assertThat(vocabulary.find(Long.MAX_VALUE)).isEqualTo(2);
    assertThat(vocabulary.find(Long.MIN_VALUE)).isEqualTo(3);
    assertThat(vocabulary.find(7)).isEqualTo(-1);
  }

  @Test
  void anEmptyVocabularyFindsNothing() {
    assertThat(find(new Vocabulary(List.of()), "x")).isEqualTo(-1);
  }

  @Test
  void aDoubleEntryIsRefusedByName() {
    assertThatThrownBy(() -> new Vocabulary(List.of("Drama", "Comedy", "Drama")))
        .hasMessage("vocabulary: 'Drama' is both entry 0 and entry 2");
  }

  private static int find(Vocabulary vocabulary, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return vocabulary.find(bytes, 0, bytes.length);
  }
}
