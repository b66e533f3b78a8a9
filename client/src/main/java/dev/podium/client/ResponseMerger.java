package dev.podium.client;

import dev.podium.client.RequestSplitter.Part;
import dev.podium.ranking.v1.CandidateIds;
import dev.podium.ranking.v1.CandidateRange;
import dev.podium.ranking.v1.OutputScores;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.ServedForm;
import dev.podium.ranking.v1.Timing;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;

/** Makes one answer of the answers to a request's parts. A pure function. */
final class ResponseMerger {
  /** The wire's bound on warnings. */
  private static final int MAX_WARNINGS = 16;

  private ResponseMerger() {}

  /**
   * The answer that the whole request would have got: scores in request order, or the top k of the
   * parts' top k with equal scores in request order; positions counted in the whole request; each
   * warning once. Of the times, the longest queue and the sums of the others.
   *
   * @param responses one for each part, all from one version of the model
   * @throws RankingException with INTERNAL if the answers do not fit together
   */
  static RankResponse merge(RankRequest request, List<Part> parts, List<RankResponse> responses) {
    RankResponse.Builder merged =
        RankResponse.newBuilder()
            .setRequestId(request.getRequestId())
            .setModel(responses.get(0).getModel())
            .setTiming(timing(responses));
    warnings(responses).forEach(merged::addWarnings);
    addMissing(parts, responses, merged);
    List<OutputScores.Builder> outputs = emptyOutputs(responses);
    checkRows(request, parts, responses);
    if (request.getTopK() == 0) {
      for (RankResponse response : responses) {
        for (int o = 0; o < outputs.size(); o++) {
          copyScores(
              response.getOutputs(o), 0, response.getOutputs(o).getScoresCount(), outputs.get(o));
        }
      }
    } else {
      mergeTopK(request, parts, responses, outputs, merged);
    }
    outputs.forEach(merged::addOutputs);
    return merged.build();
  }

  private static void mergeTopK(
      RankRequest request,
      List<Part> parts,
      List<RankResponse> responses,
      List<OutputScores.Builder> outputs,
      RankResponse.Builder merged) {
    PriorityQueue<Head> heads = new PriorityQueue<>(parts.size(), Head.BEST_FIRST);
    for (int i = 0; i < parts.size(); i++) {
      if (responses.get(i).getCandidateIndicesCount() > 0) {
        heads.add(new Head(parts.get(i).firstCandidate(), responses.get(i)));
      }
    }
    CandidateIds ids = request.getCandidates().getIds();
    for (int k = 0; k < request.getTopK() && !heads.isEmpty(); k++) {
      Head best = heads.remove();
      merged.addCandidateIndices(best.candidate());
      switch (ids.getIdsCase()) {
        case INT64_IDS ->
            merged
                .getCandidateIdsBuilder()
                .getInt64IdsBuilder()
                .addValues(ids.getInt64Ids().getValues(best.candidate()));
        case STRING_IDS ->
            merged
                .getCandidateIdsBuilder()
                .getStringIdsBuilder()
                .addValues(ids.getStringIds().getValues(best.candidate()));
        case IDS_NOT_SET -> {}
      }
      for (int o = 0; o < outputs.size(); o++) {
        OutputScores from = best.response.getOutputs(o);
        int width = from.getWidth();
        copyScores(from, best.position * width, (best.position + 1) * width, outputs.get(o));
      }
      if (best.advance()) {
        heads.add(best);
      }
    }
  }

  /** The best candidate of one part that is not merged yet. */
  private static final class Head {
    // Parts are in request order, and so are a part's own equals: the lower candidate comes first.
    static final Comparator<Head> BEST_FIRST =
        (a, b) -> {
          if (a.score()
              == b.score()) { // also true of 0.0 and -0.0, which Float.compare tells apart
            return Integer.compare(a.candidate(), b.candidate());
          }
          return Float.compare(b.score(), a.score());
        };

    private final int firstCandidate;
    private final RankResponse response;
    private int position;

    Head(int firstCandidate, RankResponse response) {
      this.firstCandidate = firstCandidate;
      this.response = response;
    }

    float score() {
      OutputScores deciding = response.getOutputs(0);
      return deciding.getScores(position * deciding.getWidth());
    }

    int candidate() {
      return firstCandidate + response.getCandidateIndices(position);
    }

    boolean advance() {
      return ++position < response.getCandidateIndicesCount();
    }
  }

  private static void copyScores(OutputScores from, int start, int end, OutputScores.Builder to) {
    for (int i = start; i < end; i++) {
      to.addScores(from.getScores(i));
    }
  }

  private static List<OutputScores.Builder> emptyOutputs(List<RankResponse> responses) {
    List<OutputScores.Builder> outputs = new ArrayList<>();
    for (OutputScores output : responses.get(0).getOutputsList()) {
      outputs.add(OutputScores.newBuilder().setName(output.getName()).setWidth(output.getWidth()));
    }
    for (RankResponse response : responses) {
      boolean same = response.getOutputsCount() == outputs.size();
      for (int o = 0; same && o < outputs.size(); o++) {
        same =
            response.getOutputs(o).getName().equals(outputs.get(o).getName())
                && response.getOutputs(o).getWidth() == outputs.get(o).getWidth();
      }
      if (!same) {
        throw misfit("outputs of a part differ", "those of the first part");
      }
    }
    return outputs;
  }

  private static void checkRows(
      RankRequest request, List<Part> parts, List<RankResponse> responses) {
    for (int i = 0; i < parts.size(); i++) {
      int rows =
          request.getTopK() == 0
              ? parts.get(i).candidates()
              : responses.get(i).getCandidateIndicesCount();
      for (OutputScores output : responses.get(i).getOutputsList()) {
        long expected = (long) rows * output.getWidth();
        if (output.getScoresCount() != expected) {
          throw misfit(
              "output '" + output.getName() + "': " + output.getScoresCount() + " scores of a part",
              Long.toString(expected));
        }
      }
    }
  }

  private static RankingException misfit(String came, String expected) {
    return new RankingException(Status.Code.INTERNAL, came + " (expected: " + expected + ")", null);
  }

  private static Timing timing(List<RankResponse> responses) {
    int queue = 0;
    int assemble = 0;
    int infer = 0;
    int tiles = 0;
    for (RankResponse response : responses) {
      Timing part = response.getTiming();
      queue =
          Integer.compareUnsigned(part.getQueueMicros(), queue) > 0 ? part.getQueueMicros() : queue;
      assemble += part.getAssembleMicros();
      infer += part.getInferMicros();
      tiles += part.getTiles();
    }
    return Timing.newBuilder()
        .setQueueMicros(queue)
        .setAssembleMicros(assemble)
        .setInferMicros(infer)
        .setTiles(tiles)
        .setForm(form(responses))
        .build();
  }

  /** Unspecified where parts ran in different forms. */
  private static ServedForm form(List<RankResponse> responses) {
    ServedForm form = responses.get(0).getTiming().getForm();
    boolean one = responses.stream().allMatch(part -> part.getTiming().getForm() == form);
    return one ? form : ServedForm.SERVED_FORM_UNSPECIFIED;
  }

  /** Ranges that meet where two parts do become one, since the wire's are not adjacent. */
  private static void addMissing(
      List<Part> parts, List<RankResponse> responses, RankResponse.Builder merged) {
    CandidateRange.Builder last = null;
    for (int i = 0; i < parts.size(); i++) {
      for (CandidateRange range : responses.get(i).getMissingList()) {
        int first = parts.get(i).firstCandidate() + range.getFirst();
        if (last != null && last.getFirst() + last.getCount() == first) {
          last.setCount(last.getCount() + range.getCount());
        } else {
          last = merged.addMissingBuilder().setFirst(first).setCount(range.getCount());
        }
      }
    }
  }

  private static List<String> warnings(List<RankResponse> responses) {
    Set<String> warnings = new LinkedHashSet<>();
    responses.forEach(response -> warnings.addAll(response.getWarningsList()));
    return warnings.stream().limit(MAX_WARNINGS).toList();
  }
}
