package dev.podium.client;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** From the caller's values to a request's bytes: 500 candidates with 8 ids and 2 numbers each. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ClientBatchBenchmark {
  private static final int ROWS = 500;
  private static final int IDS = 8;
  private static final int NUMBERS = 2;

  private final String[] names = new String[IDS + NUMBERS];
  private final long[][] ids = new long[IDS][ROWS];
  private final float[][] numbers = new float[NUMBERS][ROWS];

  /** Makes the values. */
  @Setup
  public void make() {
    Random random = new Random(2);
    for (int i = 0; i < names.length; i++) {
      names[i] = "feature_" + i;
    }
    for (int row = 0; row < ROWS; row++) {
      for (long[] column : ids) {
        column[row] = random.nextInt(100_000);
      }
      for (float[] column : numbers) {
        column[row] = random.nextFloat();
      }
    }
  }

  /** Whole columns. */
  @Benchmark
  public byte[] columns() {
    RankingRequest.Builder request = RankingRequest.builder("m");
    for (int i = 0; i < IDS; i++) {
      request.column(names[i], ids[i]);
    }
    for (int i = 0; i < NUMBERS; i++) {
      request.column(names[IDS + i], numbers[i]);
    }
    return request.build().message().toByteArray();
  }

  /** Candidate by candidate. */
  @Benchmark
  public byte[] rows() {
    RankingRequest.Builder request = RankingRequest.builder("m");
    for (int row = 0; row < ROWS; row++) {
      CandidateRow candidate = request.addCandidate();
      for (int i = 0; i < IDS; i++) {
        candidate.set(names[i], ids[i][row]);
      }
      for (int i = 0; i < NUMBERS; i++) {
        candidate.set(names[IDS + i], numbers[i][row]);
      }
    }
    return request.build().message().toByteArray();
  }
}
