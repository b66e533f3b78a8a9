package dev.podium.server.feature.signature;

/**
 * How a wire value becomes the id that the graph looks up. Ids are never negative; {@link #NO_ID}
 * says that a value has none, and the caller then uses {@link #outOfVocabulary} or refuses the
 * value. Immutable, safe for any thread, and allocates nothing.
 */
public sealed interface IdRule {
  /** No such id. */
  long NO_ID = -1;

  /** Values go to the graph as they come. */
  IdRule NONE = new AsIs();

  /** The id of a whole number, or {@link #NO_ID}. */
  long ofNumber(long value);

  /** The id of UTF-8 text, or {@link #NO_ID}. */
  long ofText(byte[] bytes, int at, int length);

  /** The id that stands for values without one; {@link #NO_ID} if such values are refused. */
  long outOfVocabulary();

  /** Ids are below this; 0 if there is no such bound. */
  long size();

  /** Values used as they are, negative ones included. */
  record AsIs() implements IdRule {
    @Override
    public long ofNumber(long value) {
      return value;
    }

    @Override
    public long ofText(byte[] bytes, int at, int length) {
      return NO_ID;
    }

    @Override
    public long outOfVocabulary() {
      return NO_ID;
    }

    @Override
    public long size() {
      return 0;
    }
  }

  /** Ids from 0 to {@code size - 1}, used as they come. */
  record Bounded(long size, long outOfVocabulary) implements IdRule {
    @Override
    public long ofNumber(long value) {
      return value >= 0 && value < size ? value : NO_ID;
    }

    @Override
    public long ofText(byte[] bytes, int at, int length) {
      return NO_ID;
    }
  }

  /**
   * Entries of a vocabulary, text or whole numbers in decimal; entry k has the id {@code firstId +
   * k}.
   */
  record Listed(Vocabulary vocabulary, long firstId, long outOfVocabulary) implements IdRule {
    @Override
    public long ofNumber(long value) {
      int entry = vocabulary.find(value);
      return entry < 0 ? NO_ID : firstId + entry;
    }

    @Override
    public long ofText(byte[] bytes, int at, int length) {
      int entry = vocabulary.find(bytes, at, length);
      return entry < 0 ? NO_ID : firstId + entry;
    }

    @Override
    public long size() {
      return Math.max(firstId + vocabulary.size(), outOfVocabulary + 1);
    }
  }

  /** Buckets of a hash function; every value has one. */
  record Hashed(HashFunction function, long buckets, long seed, long firstId) implements IdRule {
    @Override
    public long ofNumber(long value) {
      return firstId + Long.remainderUnsigned(function.hash(value, seed), buckets);
    }

    @Override
    public long ofText(byte[] bytes, int at, int length) {
      return firstId + Long.remainderUnsigned(function.hash(bytes, at, length, seed), buckets);
    }

    @Override
    public long outOfVocabulary() {
      return NO_ID;
    }

    @Override
    public long size() {
      return firstId + buckets;
    }
  }
}
