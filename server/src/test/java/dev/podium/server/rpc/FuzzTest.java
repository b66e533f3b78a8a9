package dev.podium.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.podium.inference.InferTensorContents;
import dev.podium.inference.ModelInferRequest;
import dev.podium.inference.ModelStreamInferResponse;
import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RawTensor;
import dev.podium.ranking.v1.StringValues;
import dev.podium.server.TestModels;
import dev.podium.server.engine.ort.OnnxEngine;
import dev.podium.server.fault.Quoted;
import dev.podium.server.rpc.InProcess.Call;
import dev.podium.server.rpc.InProcess.Way;
import io.grpc.Status;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Messages that are nearly right, to both services, alone and on streams. Each gets an answer or a
 * refusal that blames the message; none costs much more memory than its bytes and its rows; nothing
 * stays held.
 *
 * <p>20,000 of them; {@code -Dpodium.fuzz.inputs} and {@code -Dpodium.fuzz.seed} for more and
 * others.
 */
class FuzzTest {
  private static final int INPUTS = Integer.getInteger("podium.fuzz.inputs", 20_000);
  private static final long SEED = Long.getLong("podium.fuzz.seed", 15);

  /** Bytes that a request may take beside those in proportion to its message. */
  private static final long FREE = 2 << 20;

  private static final int PER_BYTE = 40;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Random random = new Random(SEED);
  private final List<byte[]> ranks = new ArrayList<>();
  private final List<byte[]> infers = new ArrayList<>();

  @Test
  void everyMessageIsAnsweredAndNoneIsDear(@TempDir Path models) throws Exception {
    TestModels.sum(models, "sum");
    TestModels.history(models, "history");
    TestModels.everyType(models, "types");
    seeds();
    try (InProcess server = new InProcess(models, new OnnxEngine(), RequestSteps.NONE)) {
      Totals totals = new Totals();
      for (int i = 0; i < 2_000; i++) {
        // Until classes are loaded and buffers are made.
        one(server, new Totals());
      }
      while (totals.inputs < INPUTS) {
        one(server, totals);
      }
      System.out.println(totals);
      assertThat(totals.answered).isGreaterThan(INPUTS / 50);
      assertThat(totals.refused).isGreaterThan(INPUTS / 5);
    }
  }

  private static final class Totals {
    int inputs;
    int answered;
    int refused;
    long dearest;
    int dearestLength;
    int longest;

    @Override
    public String toString() {
      return "fuzz: %,d inputs, %,d answered, %,d refused; the dearest took %,d bytes for a message of %,d; the longest message had %,d"
          .formatted(inputs, answered, refused, dearest, dearestLength, longest);
    }
  }

  private void one(InProcess server, Totals totals) throws Exception {
    Way way = Way.values()[random.nextInt(4)];
    byte[][] messages = new byte[way.streams() ? 1 + random.nextInt(6) : 1][];
    int length = 0;
    for (int i = 0; i < messages.length; i++) {
      messages[i] = message(way.ranks() ? ranks : infers);
      length += messages[i].length;
      totals.longest = Math.max(totals.longest, messages[i].length);
    }
    long before = allocated();
    Call call = server.send(way, messages);
    Status status = call.status();
    long cost = allocated() - before;
    totals.inputs += messages.length;
    if (cost > totals.dearest) {
      totals.dearest = cost;
      totals.dearestLength = length;
    }
    if (cost > FREE * messages.length + (long) PER_BYTE * length) {
      throw new AssertionError(cost + " bytes for " + describe(way, messages));
    }
    if (way.streams()) {
      assertThat(status).as(() -> describe(way, messages)).isEqualTo(Status.OK);
      assertThat(call.answers()).hasSize(messages.length);
    }
    String sentence = sentence(way, call);
    if (sentence == null) {
      totals.answered++;
    } else {
      totals.refused++;
      boolean ours =
          sentence.startsWith("unexpected failure")
              || status.getCode() == Status.Code.UNKNOWN
              || status.getCode() == Status.Code.INTERNAL && !sentence.contains("finite");
      if (ours || sentence.length() > Quoted.LONGEST_SENTENCE) {
        throw new AssertionError(sentence + " for " + describe(way, messages));
      }
    }
    assertThat(call.closes()).isOne();
    if (totals.inputs % 500 < messages.length) {
      settled(server);
    }
  }

  private static void settled(InProcess server) {
    long end = System.nanoTime() + 20_000_000_000L;
    String nothing = "bytes 0, rows 0, messages 0, tasks 0";
    while (!server.held().equals(nothing) && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(server.held()).isEqualTo(nothing);
  }

  /** Heap that this thread and the workers have taken so far. */
  static long allocated() {
    long sum = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    for (Thread thread : workers()) {
      sum += Math.max(0, THREADS.getThreadAllocatedBytes(thread.getId()));
    }
    return sum;
  }

  private static List<Thread> workers() {
    Thread[] all = new Thread[256];
    int count = Thread.currentThread().getThreadGroup().enumerate(all);
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      if (all[i].getName().startsWith("podium-worker")) {
        workers.add(all[i]);
      }
    }
    return workers;
  }

  /** Why the first request of a call that went wrong was refused; null if none was. */
  static String sentence(Way way, Call call) throws Exception {
    Status status = call.status();
    if (!status.isOk()) {
      return String.valueOf(status.getDescription());
    }
    for (byte[] answer : way.streams() ? call.answers() : List.<byte[]>of()) {
      if (way == Way.RANK_STREAM) {
        RankResponse response = RankResponse.parseFrom(answer);
        if (response.hasError()) {
          return response.getError().getMessage();
        }
      } else {
        String error = ModelStreamInferResponse.parseFrom(answer).getErrorMessage();
        if (!error.isEmpty()) {
          return error;
        }
      }
    }
    return null;
  }

  private static String describe(Way way, byte[][] messages) {
    StringBuilder text = new StringBuilder(way.toString());
    for (byte[] message : messages) {
      text.append(' ').append(message.length).append(':');
      text.append(
          Base64.getEncoder()
              .encodeToString(java.util.Arrays.copyOf(message, Math.min(message.length, 2_000))));
    }
    return text.toString();
  }

  private void seeds() {
    for (int rows : new int[] {0, 1, 3, 40}) {
      ranks.add(TestMessages.rank("sum", rows).build().toByteArray());
      ranks.add(TestMessages.rank("sum", rows).setTopK(2).clearOutputs().build().toByteArray());
      ranks.add(TestMessages.history(rows, rows).build().toByteArray());
      infers.add(TestMessages.infer("sum", rows, true).build().toByteArray());
      infers.add(TestMessages.infer("sum", rows, false).build().toByteArray());
    }
    ranks.add(types().build().toByteArray());
    infers.add(
        ModelInferRequest.newBuilder()
            .setModelName("types")
            .addInputs(
                TestMessages.input("i", "INT8", 1)
                    .setContents(InferTensorContents.newBuilder().addIntContents(3)))
            .addInputs(
                TestMessages.input("d", "FP64", 1)
                    .setContents(InferTensorContents.newBuilder().addFp64Contents(3)))
            .addInputs(
                TestMessages.input("b", "BOOL", 1)
                    .setContents(InferTensorContents.newBuilder().addBoolContents(true)))
            .addInputs(
                TestMessages.input("s", "BYTES", 1)
                    .setContents(
                        InferTensorContents.newBuilder()
                            .addBytesContents(com.google.protobuf.ByteString.copyFromUtf8("yes"))))
            .build()
            .toByteArray());
  }

  private static RankRequest.Builder types() {
    return RankRequest.newBuilder()
        .setModel(ModelSpec.newBuilder().setName("types"))
        .setCandidates(
            CandidateBatch.newBuilder()
                .setCount(1)
                .addColumns(raw("i", DataType.DATA_TYPE_INT32, 4))
                .addColumns(raw("d", DataType.DATA_TYPE_FLOAT64, 8))
                .addColumns(raw("b", DataType.DATA_TYPE_BOOL, 1))
                .addColumns(
                    FeatureColumn.newBuilder()
                        .setName("s")
                        .setStringValues(StringValues.newBuilder().addValues("yes"))));
  }

  private static FeatureColumn.Builder raw(String name, DataType type, int bytes) {
    return FeatureColumn.newBuilder()
        .setName(name)
        .setRaw(
            RawTensor.newBuilder()
                .setDtype(type)
                .addShape(1)
                .setData(com.google.protobuf.ByteString.copyFrom(new byte[bytes])));
  }

  /** A seed with some faults. */
  private byte[] message(List<byte[]> seeds) {
    byte[] message = seeds.get(random.nextInt(seeds.size()));
    for (int faults = random.nextInt(4); faults > 0; faults--) {
      message = fault(message, seeds.get(random.nextInt(seeds.size())));
    }
    return message;
  }

  private byte[] fault(byte[] message, byte[] other) {
    int at = random.nextInt(message.length + 1);
    int to = Math.min(message.length, at + 1 + random.nextInt(16));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(message, 0, at);
    switch (random.nextInt(8)) {
      case 0 -> { // bits
        for (int i = at; i < to; i++) {
          out.write(message[i] ^ (random.nextInt(4) == 0 ? 1 << random.nextInt(8) : 0));
        }
      }
      case 1 -> { // the end is lost
        return out.toByteArray();
      }
      case 2 -> varint(out, number()); // more bytes
      case 3 -> { // a number replaced
        varint(out, number());
        to = Math.min(message.length, at + 1);
      }
      case 4 -> { // a piece again and again
        int length = Math.max(0, to - at);
        int times = random.nextInt(50) == 0 ? random.nextInt(20_000) : random.nextInt(8);
        for (int i = 0; i < times; i++) {
          out.write(message, at, length);
        }
        to = at;
      }
      case 5 -> { // a piece of another message
        int from = random.nextInt(other.length + 1);
        out.write(other, from, random.nextInt(other.length - from + 1));
      }
      case 6 -> { // a field of some kind
        varint(out, 1 + random.nextInt(16) << 3 | random.nextInt(6));
        varint(out, number());
      }
      default -> to = Math.max(at, to); // a piece is lost
    }
    if (to < message.length) {
      out.write(message, Math.max(to, 0), message.length - Math.max(to, 0));
    }
    return out.toByteArray();
  }

  /** Numbers at which something changes: small, at the bounds, large. */
  private long number() {
    return switch (random.nextInt(6)) {
      case 0 -> random.nextInt(4);
      case 1 -> random.nextInt(300);
      case 2 -> 10_000 - 1 + random.nextInt(3);
      case 3 -> Integer.MAX_VALUE - 2L + random.nextInt(4);
      case 4 -> -1 - random.nextInt(3);
      default -> random.nextLong();
    };
  }

  private static void varint(ByteArrayOutputStream out, long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      out.write((int) (rest & 0x7F | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }
}
