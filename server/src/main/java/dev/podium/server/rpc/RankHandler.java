package dev.podium.server.rpc;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.CandidateNames;
import dev.podium.server.feature.Signature;
import dev.podium.server.feature.Signature.Output;
import dev.podium.server.feature.WireRequest;
import dev.podium.server.repository.LoadedVersion;
import dev.podium.server.repository.ModelRepository;
import dev.podium.server.rpc.AnswerEncoder.Answer;
import dev.podium.server.schedule.RankCompletion;
import dev.podium.server.schedule.RankResult;
import dev.podium.server.schedule.RankTask;
import dev.podium.server.schedule.TileScheduler;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * Takes one request from bytes to an answer: finds the columns, the model and the outputs, hands it
 * to the scheduler, and encodes what comes back. Thread-safe; the same for every way that requests
 * arrive.
 */
final class RankHandler {
  private final ModelRepository repository;
  private final TileScheduler scheduler;
  private final LongSupplier clock;
  private final int maxCandidates;

  RankHandler(
      ModelRepository repository, TileScheduler scheduler, LongSupplier clock, int maxCandidates) {
    this.repository = repository;
    this.scheduler = scheduler;
    this.clock = clock;
    this.maxCandidates = maxCandidates;
  }

  /**
   * Handles one request.
   *
   * @param bytes given back to their pool when the request has ended
   * @param deadlineNanos on the scheduler's clock
   * @param lender runs a small request on the calling thread, after this has returned
   * @return what cancels it; null if it has been answered already
   */
  RankTask handle(
      MessageBytes bytes, long deadlineNanos, RankResponder responder, Executor lender) {
    long arrival = clock.getAsLong();
    String requestId = "";
    LoadedVersion version = null;
    try {
      WireRequest request = WireRequest.parse(bytes.array(), bytes.length());
      requestId = request.requestId();
      checkSize(request);
      version = acquire(request);
      Signature signature = version.signature();
      signature.resolve(request);
      List<Output> outputs = outputs(signature, request);
      CandidateNames names = CandidateNames.read(request);
      Pending pending = new Pending(bytes, request, version, outputs, names, responder);
      if (request.rows() == 0) {
        pending.answer(List.of(), 0, 0, 0, 0, List.of());
        return null;
      }
      RankTask task =
          new RankTask(
              version.scheduled(),
              request,
              arrival,
              deadlineNanos,
              Priority.NORMAL,
              false,
              pending);
      version = null; // the task's end releases it, and the bytes
      scheduler.submit(task, lender);
      return task;
    } catch (RankException e) {
      if (version != null) {
        version.release();
      }
      bytes.release();
      responder.refuse(requestId, e);
      return null;
    }
  }

  private void checkSize(WireRequest request) throws RankException {
    if (request.rows() > maxCandidates) {
      throw new RankException(
          FaultCode.RESOURCE_EXHAUSTED,
          "candidates.count: "
              + Integer.toUnsignedString(request.rows())
              + " (expected: at most "
              + maxCandidates
              + ")");
    }
    if (request.topK() < 0) {
      throw RankException.invalid("top_k: " + request.topK() + " (expected: 0 or more)");
    }
  }

  private LoadedVersion acquire(WireRequest request) throws RankException {
    if (request.modelName().isEmpty()) {
      throw RankException.invalid("model.name: empty (expected: the name of a model)");
    }
    if (request.version() < 0) {
      throw RankException.invalid("model.version: " + request.version() + " (expected: 1 or more)");
    }
    return repository.acquire(request.modelName(), request.version(), request.label());
  }

  private static List<Output> outputs(Signature signature, WireRequest request)
      throws RankException {
    List<Output> outputs = signature.outputs();
    if (!request.outputs().isEmpty()) {
      outputs = new ArrayList<>();
      Set<String> seen = new HashSet<>();
      for (String name : request.outputs()) {
        int index = signature.output(name);
        if (index < 0) {
          throw RankException.invalid(
              "output '"
                  + name
                  + "': unknown (expected: one of "
                  + signature.outputs().stream().map(Output::name).toList()
                  + ")");
        }
        if (!seen.add(name)) {
          throw RankException.invalid("output '" + name + "': asked for twice (expected: once)");
        }
        outputs.add(signature.outputs().get(index));
      }
    }
    if (request.topK() > 0 && outputs.get(0).width() != 1) {
      throw RankException.invalid(
          "top_k: output '"
              + outputs.get(0).name()
              + "' has "
              + outputs.get(0).width()
              + " scores a candidate (expected: 1 in the first output, which decides the rank)");
    }
    return outputs;
  }

  /** A request that the scheduler has; ends it by whatever comes back. */
  private static final class Pending implements RankCompletion {
    private final MessageBytes bytes;
    private final WireRequest request;
    private final LoadedVersion version;
    private final List<Output> outputs;
    private final CandidateNames names;
    private final RankResponder responder;

    Pending(
        MessageBytes bytes,
        WireRequest request,
        LoadedVersion version,
        List<Output> outputs,
        CandidateNames names,
        RankResponder responder) {
      this.bytes = bytes;
      this.request = request;
      this.version = version;
      this.outputs = outputs;
      this.names = names;
      this.responder = responder;
    }

    @Override
    public void succeeded(RankResult result) {
      List<float[]> scores = new ArrayList<>(outputs.size());
      for (Output output : outputs) {
        scores.add(result.scores(version.signature().output(output.name())));
      }
      answer(
          scores,
          result.queueMicros(),
          result.assembleMicros(),
          result.inferMicros(),
          result.tiles(),
          result.warnings());
    }

    @Override
    public void failed(RankException fault) {
      release();
      responder.refuse(request.requestId(), fault);
    }

    void answer(
        List<float[]> scores,
        int queueMicros,
        int assembleMicros,
        int inferMicros,
        int tiles,
        List<String> warnings) {
      List<float[]> present =
          scores.isEmpty() ? outputs.stream().map(o -> new float[0]).toList() : scores;
      int[] positions = request.topK() == 0 ? null : TopK.of(present.get(0), request.topK());
      byte[] response =
          AnswerEncoder.encode(
              new Answer(
                  request.requestId(),
                  version.model(),
                  version.number(),
                  outputs,
                  present,
                  request.rows(),
                  positions,
                  names,
                  queueMicros,
                  assembleMicros,
                  inferMicros,
                  tiles,
                  warnings));
      release();
      responder.answer(response);
    }

    private void release() {
      version.release();
      bytes.release();
    }
  }
}
