package dev.podium.server.rpc;

import dev.podium.ranking.v1.RankError;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import dev.podium.server.admission.Admission;
import dev.podium.server.fault.RankException;
import dev.podium.server.repository.ModelRepository;
import dev.podium.server.schedule.RankTask;
import dev.podium.server.schedule.TileScheduler;
import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * {@code podium.ranking.v1.RankingService}. Works on calls rather than stubs: a request stays bytes
 * until a worker writes it into the runtime's buffers, and its answer is sent from the thread that
 * computed it.
 */
public final class RankingRpc implements BindableService {
  /**
   * Requests of one stream that may be in work at once; the client's own flow control does the
   * rest.
   */
  private static final int STREAM_WINDOW = 64;

  private final RankHandler handler;
  private final RankMethods methods = new RankMethods(new MessagePool());
  private final LongSupplier clock;
  private final long defaultDeadlineNanos;

  /**
   * @param clock the scheduler's
   * @param maxCandidates the most candidates of one request
   * @param defaultDeadlineNanos for calls without a deadline; 0 for none
   */
  public RankingRpc(
      ModelRepository repository,
      TileScheduler scheduler,
      Admission admission,
      LongSupplier clock,
      int maxCandidates,
      long defaultDeadlineNanos) {
    this.handler = new RankHandler(repository, scheduler, admission, clock, maxCandidates);
    this.clock = clock;
    this.defaultDeadlineNanos = defaultDeadlineNanos;
  }

  @Override
  public ServerServiceDefinition bindService() {
    var rank = methods.rank();
    var stream = methods.rankStream();
    ServiceDescriptor descriptor =
        ServiceDescriptor.newBuilder(RankingServiceGrpc.SERVICE_NAME)
            .setSchemaDescriptor(RankingServiceGrpc.getServiceDescriptor().getSchemaDescriptor())
            .addMethod(rank)
            .addMethod(stream)
            .build();
    return ServerServiceDefinition.builder(descriptor)
        .addMethod(rank, (call, headers) -> new UnaryCall(call, deadline()))
        .addMethod(stream, (call, headers) -> new StreamCall(call, deadline()))
        .build();
  }

  /** When nobody waits for the current call any more, on the scheduler's clock. */
  private long deadline() {
    Deadline deadline = Context.current().getDeadline();
    if (deadline != null) {
      return clock.getAsLong() + deadline.timeRemaining(TimeUnit.NANOSECONDS);
    }
    return defaultDeadlineNanos == 0
        ? RankTask.NO_DEADLINE
        : clock.getAsLong() + defaultDeadlineNanos;
  }

  /** One request, one answer. */
  private final class UnaryCall extends ServerCall.Listener<MessageBytes> implements RankResponder {
    private final ServerCall<MessageBytes, byte[]> call;
    private final long deadlineNanos;
    private MessageBytes message;
    private boolean malformed;
    private volatile RankTask task;

    UnaryCall(ServerCall<MessageBytes, byte[]> call, long deadlineNanos) {
      this.call = call;
      this.deadlineNanos = deadlineNanos;
      call.request(2); // the second is only to find out that there is none
    }

    @Override
    public void onMessage(MessageBytes bytes) {
      if (malformed) {
        return;
      }
      if (message == null) {
        message = bytes;
      } else {
        refuseCount("two requests");
      }
    }

    @Override
    public void onHalfClose() {
      if (malformed) {
        return;
      }
      if (message == null) {
        refuseCount("no request");
        return;
      }
      LentThread lent = new LentThread();
      task = handler.handle(message, deadlineNanos, this, lent);
      lent.run();
    }

    @Override
    public void onCancel() {
      RankTask current = task;
      if (current != null) {
        current.cancel();
      }
    }

    private void refuseCount(String came) {
      malformed = true;
      call.close(
          Status.INVALID_ARGUMENT.withDescription("rank: " + came + " (expected: one)"),
          new Metadata());
    }

    @Override
    public void answer(byte[] response) {
      call.sendHeaders(new Metadata());
      call.sendMessage(response);
      call.close(Status.OK, new Metadata());
    }

    @Override
    public void refuse(String requestId, RankException why) {
      call.close(Statuses.status(why), Statuses.trailers(why));
    }
  }

  /** Many requests on one call, each answered when it is done. */
  private final class StreamCall extends ServerCall.Listener<MessageBytes> {
    private final ServerCall<MessageBytes, byte[]> call;
    private final long deadlineNanos;

    // Guarded by this: a call takes one thread at a time, and answers come from many.
    private final Set<Item> inWork = new HashSet<>();
    private int owed;
    private boolean halfClosed;
    private boolean ended;

    StreamCall(ServerCall<MessageBytes, byte[]> call, long deadlineNanos) {
      this.call = call;
      this.deadlineNanos = deadlineNanos;
      call.sendHeaders(new Metadata());
      call.request(STREAM_WINDOW);
    }

    @Override
    public void onMessage(MessageBytes bytes) {
      Item item = new Item();
      synchronized (this) {
        if (ended) {
          bytes.release();
          return;
        }
        inWork.add(item);
      }
      LentThread lent = new LentThread();
      item.start(handler.handle(bytes, deadlineNanos, item, lent));
      lent.run();
    }

    @Override
    public synchronized void onHalfClose() {
      halfClosed = true;
      closeWhenDone();
    }

    @Override
    public synchronized void onReady() {
      askForMore();
    }

    @Override
    public void onCancel() {
      Set<Item> left;
      synchronized (this) {
        ended = true;
        left = new HashSet<>(inWork);
      }
      left.forEach(Item::cancel);
    }

    /** Sends one answer, and asks for one more request if the client reads its answers. */
    private synchronized void done(Item item, byte[] response) {
      inWork.remove(item);
      if (ended) {
        return;
      }
      call.sendMessage(response);
      owed++;
      askForMore();
      closeWhenDone();
    }

    private void askForMore() {
      if (!ended && owed > 0 && call.isReady()) {
        call.request(owed);
        owed = 0;
      }
    }

    private void closeWhenDone() {
      if (halfClosed && inWork.isEmpty() && !ended) {
        ended = true;
        call.close(Status.OK, new Metadata());
      }
    }

    /** One request of the stream. */
    private final class Item implements RankResponder {
      private volatile RankTask task;

      void start(RankTask started) {
        task = started;
        boolean late;
        synchronized (StreamCall.this) {
          late = ended;
        }
        if (late) {
          cancel();
        }
      }

      void cancel() {
        RankTask current = task;
        if (current != null) {
          current.cancel();
        }
      }

      @Override
      public void answer(byte[] response) {
        done(this, response);
      }

      @Override
      public void refuse(String requestId, RankException why) {
        done(
            this,
            RankResponse.newBuilder()
                .setRequestId(requestId)
                .setError(
                    RankError.newBuilder()
                        .setCode(Statuses.number(why.code()))
                        .setMessage(why.getMessage()))
                .build()
                .toByteArray());
      }
    }
  }
}
