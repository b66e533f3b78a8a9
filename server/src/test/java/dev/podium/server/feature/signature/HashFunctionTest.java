package dev.podium.server.feature.signature;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class HashFunctionTest {
  /** Vectors of the xxHash reference implementation and of the python-xxhash documentation. */
  @ParameterizedTest
  @CsvSource({
    "'', 0, ef46db3751d8e999",
    "a, 0, d24ec4f1a98c6e5b",
    "abc, 0, 44bc2cf5ad770999",
    "xxhash, 20141025, b559b98d844e0635",
    "Nobody inspects the spammish repetition, 0, fbcea83c8a378bf1",
  })
  void xxhash64AgreesWithThePublishedVectors(String text, long seed, String expected) {
    assertThat(Long.toHexString(hash(HashFunction.XXHASH64, text, seed))).isEqualTo(expected);
  }

  /** Vectors as collected in the Wikipedia article on MurmurHash and in SMHasher's verification. */
  @ParameterizedTest
  @CsvSource({
    "'', 0, 0",
    "'', 1, 514e28b7",
    "'', 4294967295, 81f16f39",
    "test, 0, ba6bd213",
    "test, 2538058380, 704b81dc",
    "'Hello, world!', 0, c0363e43",
    "'Hello, world!', 2538058380, 24884cba",
    "The quick brown fox jumps over the lazy dog, 0, 2e4ff723",
    "The quick brown fox jumps over the lazy dog, 2538058380, 2fa826cd",
  })
  void murmur3AgreesWithThePublishedVectors(String text, long seed, String expected) {
    assertThat(Long.toHexString(hash(HashFunction.MURMUR3, text, seed))).isEqualTo(expected);
  }

  @ParameterizedTest
  @EnumSource
  void aNumberIsHashedAsItsEightBytes(HashFunction function) {
    Random random = new Random(1);
    for (int i = 0; i < 1000; i++) {
      long value = random.nextLong();
      long seed = random.nextLong();
      byte[] bytes =
          ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
      assertThat(function.hash(value, seed)).isEqualTo(function.hash(bytes, 0, bytes.length, seed));
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatLiesAroundTheBytesDoesNotCount(HashFunction function) {
    byte[] alone = new byte[37];
    byte[] within = new byte[60];
    new Random(2).nextBytes(alone);
    new Random(3).nextBytes(within);
    System.arraycopy(alone, 0, within, 11, alone.length);
    assertThat(function.hash(within, 11, alone.length, 7))
        .isEqualTo(function.hash(alone, 0, alone.length, 7));
  }

  private static long hash(HashFunction function, String text, long seed) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return function.hash(bytes, 0, bytes.length, seed);
  }
}
