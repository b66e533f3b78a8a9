package dev.podium.client;

import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.OutputScores;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import dev.podium.ranking.v1.ServedForm;
import dev.podium.ranking.v1.Timing;
import io.grpc.BindableService;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Scores a candidate by a hash of the context and of that candidate's own row, so that a value that
 * is lost or moved to another row shows in its score. The first output has eight different scores
 * only: ties are common.
 */
public final class FakeRankingService extends RankingServiceGrpc.RankingServiceImplBase {
  static final long VERSION = 3;

  final AtomicInteger calls = new AtomicInteger();

  @Override
  public void rank(RankRequest request, StreamObserver<RankResponse> observer) {
    calls.incrementAndGet();
    observer.onNext(answer(request));
    observer.onCompleted();
  }

  /** A service that scores nothing and says why. */
  public static BindableService refusing(Status why) {
    return new RankingServiceGrpc.RankingServiceImplBase() {
      @Override
      public void rank(RankRequest request, StreamObserver<RankResponse> observer) {
        observer.onError(why.asRuntimeException());
      }
    };
  }

  static RankResponse answer(RankRequest request) {
    CandidateBatch batch = request.getCandidates();
    int count = batch.getCount();
    int[] hashes = IntStream.range(0, count).map(i -> rowHash(request, i)).toArray();

    List<OutputScores> all =
        List.of(
            output("ctr", 1, hashes, (hash, column) -> (hash >>> 29) / 8f),
            output("pair", 2, hashes, (hash, column) -> ((hash >>> (8 * column)) & 0xff) / 256f));
    List<OutputScores> wanted = new ArrayList<>();
    for (String name : request.getOutputsList()) {
      wanted.add(all.get(name.equals("ctr") ? 0 : 1));
    }
    if (wanted.isEmpty()) {
      wanted = all;
    }

    RankResponse.Builder response =
        RankResponse.newBuilder()
            .setRequestId(request.getRequestId())
            .setTiming(
                Timing.newBuilder()
                    .setQueueMicros(count)
                    .setAssembleMicros(count)
                    .setInferMicros(2 * count)
                    .setTiles(1)
                    .setForm(
                        count > 3
                            ? ServedForm.SERVED_FORM_SPLIT
                            : ServedForm.SERVED_FORM_EXPORTED));
    response.getModelBuilder().setName(request.getModel().getName()).setVersion(VERSION);
    Set<String> warnings = new LinkedHashSet<>();
    for (int hash : hashes) {
      if (hash % 3 == 0) {
        warnings.add("a hash of kind " + hash % 30);
      }
    }
    warnings.stream().limit(16).forEach(response::addWarnings);
    if (request.getAllowPartial()) {
      addMissing(response, hashes);
    }
    if (request.getTopK() == 0) {
      return response.addAllOutputs(wanted).build();
    }

    OutputScores deciding = wanted.get(0);
    List<Integer> order = new ArrayList<>(IntStream.range(0, count).boxed().toList());
    order.sort(
        Comparator.comparing(
            (Integer i) -> -deciding.getScores(i * deciding.getWidth()))); // stable
    order = order.subList(0, Math.min(count, request.getTopK()));
    for (int i : order) {
      response.addCandidateIndices(i);
      switch (batch.getIds().getIdsCase()) {
        case INT64_IDS ->
            response
                .getCandidateIdsBuilder()
                .getInt64IdsBuilder()
                .addValues(batch.getIds().getInt64Ids().getValues(i));
        case STRING_IDS ->
            response
                .getCandidateIdsBuilder()
                .getStringIdsBuilder()
                .addValues(batch.getIds().getStringIds().getValues(i));
        case IDS_NOT_SET -> {}
      }
    }
    for (OutputScores output : wanted) {
      OutputScores.Builder ranked = response.addOutputsBuilder();
      ranked.setName(output.getName()).setWidth(output.getWidth());
      for (int i : order) {
        for (int column = 0; column < output.getWidth(); column++) {
          ranked.addScores(output.getScores(i * output.getWidth() + column));
        }
      }
    }
    return response.build();
  }

  /** About half of the candidates, so that there are ranges of all lengths. */
  private static void addMissing(RankResponse.Builder response, int[] hashes) {
    for (int i = 0; i < hashes.length; i++) {
      int first = i;
      while (i < hashes.length && (hashes[i] & 1) == 0) {
        i++;
      }
      if (i > first) {
        response.addMissingBuilder().setFirst(first).setCount(i - first);
      }
    }
  }

  private interface Score {
    float of(int hash, int column);
  }

  private static OutputScores output(String name, int width, int[] hashes, Score score) {
    OutputScores.Builder output = OutputScores.newBuilder().setName(name).setWidth(width);
    for (int hash : hashes) {
      for (int column = 0; column < width; column++) {
        output.addScores(score.of(hash, column));
      }
    }
    return output.build();
  }

  private static int rowHash(RankRequest request, int row) {
    int hash = 7;
    for (FeatureColumn column : request.getContextList()) {
      hash = mix(hash, column.getName());
      hash = mix(hash, row(column, 0, 1));
    }
    for (FeatureColumn column : request.getCandidates().getColumnsList()) {
      hash = mix(hash, column.getName());
      hash = mix(hash, row(column, row, request.getCandidates().getCount()));
    }
    return hash;
  }

  private static int mix(int hash, Object value) {
    int mixed = (hash ^ Objects.hashCode(value)) * 0x9E3779B1;
    return mixed ^ (mixed >>> 15);
  }

  /** One row's values, the slow and plain way. */
  private static List<?> row(FeatureColumn column, int row, int rows) {
    return switch (column.getValuesCase()) {
      case INT64_VALUES -> flat(column.getInt64Values().getValuesList(), row, rows);
      case FLOAT_VALUES -> flat(column.getFloatValues().getValuesList(), row, rows);
      case STRING_VALUES -> flat(column.getStringValues().getValuesList(), row, rows);
      case RAGGED_INT64_VALUES ->
          ragged(
              column.getRaggedInt64Values().getValuesList(),
              column.getRaggedInt64Values().getRowLengthsList(),
              row);
      case RAGGED_FLOAT_VALUES ->
          ragged(
              column.getRaggedFloatValues().getValuesList(),
              column.getRaggedFloatValues().getRowLengthsList(),
              row);
      case RAGGED_STRING_VALUES ->
          ragged(
              column.getRaggedStringValues().getValuesList(),
              column.getRaggedStringValues().getRowLengthsList(),
              row);
      case RAW -> {
        List<Byte> bytes = new ArrayList<>();
        column.getRaw().getData().forEach(bytes::add);
        if (column.getRaw().getShape(0) != rows) {
          throw new IllegalArgumentException("shape says " + column.getRaw().getShape(0) + " rows");
        }
        yield flat(bytes, row, rows);
      }
      case VALUES_NOT_SET -> throw new IllegalArgumentException(column.getName() + ": no values");
    };
  }

  private static <T> List<T> flat(List<T> values, int row, int rows) {
    int width = values.size() / rows;
    return values.subList(row * width, (row + 1) * width);
  }

  private static <T> List<T> ragged(List<T> values, List<Integer> lengths, int row) {
    int from = lengths.subList(0, row).stream().mapToInt(Integer::intValue).sum();
    return values.subList(from, from + lengths.get(row));
  }
}
