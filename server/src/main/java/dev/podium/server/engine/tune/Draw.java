package dev.podium.server.engine.tune;

/** Kinds of requests that forms of a graph are tried on. Errors are judged within a kind. */
enum Draw {
  /** The folder's own examples. */
  GIVEN("examples of the folder"),
  /** Anywhere in the vocabulary, numbers around 0, sequences of any length. */
  ANYWHERE("usual values"),
  /** Anywhere in the vocabulary, full sequences: what costs most. */
  FULL("full histories"),
  /** The first and the last id, full sequences. */
  EDGES("first and last ids"),
  /** Empty sequences. */
  EMPTY("empty histories"),
  /**
   * Padding and out-of-vocabulary ids inside of sequences of no, one, some or all positions, and
   * whole numbers that may be lengths of other sequences than these.
   */
  MESSY("padding and unknown ids inside of histories, lengths that disagree"),
  /** Numbers with a large offset in common: years, seconds, identifiers in a float. */
  OFFSETS("numbers with a large common offset"),
  /** Numbers of any size, from thousandths to millions. */
  MAGNITUDES("numbers of any magnitude"),
  /** Numbers on both sides of what the graph compares with. */
  THRESHOLDS("numbers around those that the graph compares with"),
  /** Sequences that fit a shorter form. */
  SHORTENED("short histories");

  private final String words;

  Draw(String words) {
    this.words = words;
  }

  /** Whether such requests are like those of callers, so that their scores show the scale. */
  boolean isUsual() {
    return this == GIVEN || this == ANYWHERE || this == FULL;
  }

  /** Whether the exported graph may refuse such requests: they are then left out. */
  boolean mayFail() {
    return this == MESSY || this == OFFSETS || this == MAGNITUDES || this == THRESHOLDS;
  }

  String inWords() {
    return words;
  }
}
