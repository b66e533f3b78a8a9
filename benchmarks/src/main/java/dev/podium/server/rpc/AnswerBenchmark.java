package dev.podium.server.rpc;

import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.OutputScores;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.Timing;
import dev.podium.server.engine.Form;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.rpc.AnswerEncoder.Answer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * From scores to a response's bytes: the encoder, beside the generated builder that it stands in
 * for, and the choice of the best.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AnswerBenchmark {
  @Param({"10", "500"})
  private int rows;

  private float[] scores;
  private Answer answer;

  /** Makes scores. */
  @Setup
  public void make() {
    Random random = new Random(1);
    scores = new float[rows];
    for (int i = 0; i < rows; i++) {
      scores[i] = random.nextFloat();
    }
    answer =
        new Answer(
            "",
            "din",
            1,
            List.of(new Output("ctr", 0, 0, 1)),
            List.of(scores),
            rows,
            null,
            null,
            new int[0],
            new Timings(1, 20, 300, 1, Form.SPLIT),
            List.of());
  }

  /** Podium's encoder. */
  @Benchmark
  public byte[] encode() {
    return AnswerEncoder.encode(answer);
  }

  /** The generated classes. */
  @Benchmark
  public byte[] generatedBuilder() {
    OutputScores.Builder output = OutputScores.newBuilder().setName("ctr").setWidth(1);
    for (float score : scores) {
      output.addScores(score);
    }
    return RankResponse.newBuilder()
        .setModel(ModelSpec.newBuilder().setName("din").setVersion(1))
        .addOutputs(output)
        .setTiming(
            Timing.newBuilder()
                .setQueueMicros(1)
                .setAssembleMicros(20)
                .setInferMicros(300)
                .setTiles(1))
        .build()
        .toByteArray();
  }

  /** The ten best. */
  @Benchmark
  public int[] topTen() {
    return TopK.of(scores, 10);
  }
}
