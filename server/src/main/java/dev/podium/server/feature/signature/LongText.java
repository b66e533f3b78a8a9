package dev.podium.server.feature.signature;

/** Looks whole numbers up in a vocabulary of text without making a string of each. */
final class LongText {
  private static final ThreadLocal<byte[]> DIGITS = ThreadLocal.withInitial(() -> new byte[20]);

  private LongText() {}

  static int find(Vocabulary vocabulary, long value) {
    byte[] digits = DIGITS.get();
    int at = digits.length;
    long rest = value;
    do {
      digits[--at] = (byte) ('0' + Math.abs(rest % 10));
      rest /= 10;
    } while (rest != 0);
    if (value < 0) {
      digits[--at] = '-';
    }
    return vocabulary.find(digits, at, digits.length - at);
  }
}
