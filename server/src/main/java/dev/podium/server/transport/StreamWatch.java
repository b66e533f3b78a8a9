package dev.podium.server.transport;

import io.grpc.Context;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.function.LongSupplier;

/**
 * What one call holds of memory and how long its client lets it wait. gRPC tells it of each piece
 * of a message as it arrives, long before a handler sees the message. Thread-safe.
 */
final class StreamWatch extends ServerStreamTracer {
  static final Context.Key<StreamWatch> KEY = Context.key("podium-stream-watch");

  /** A piece of a message takes at least this: its buffer, and the objects around it. */
  private static final int PIECE_BYTES = 256;

  private final MessageBudget budget;
  private final LongSupplier clock;
  private final Runnable closed;

  /** The call's contexts lie within it: gRPC resets a call whose deadline has passed in there. */
  private volatile Context.CancellableContext scope;

  private volatile GuardedCall<?, ?> call;

  /** Not running at first: only the call knows whether it has one message or many. */
  private volatile long receiving = StallRule.NEVER;

  private volatile long owing = StallRule.NEVER;

  // Guarded by this.
  private long arriving;
  private long arrived;
  private long unsent;
  private boolean counted;
  private boolean refused;
  private boolean over;

  /**
   * @param closed run once, when the call is over
   */
  StreamWatch(MessageBudget budget, LongSupplier clock, Runnable closed) {
    this.budget = budget;
    this.clock = clock;
    this.closed = closed;
  }

  @Override
  public Context filterContext(Context context) {
    scope = context.withCancellation();
    return scope.withValue(KEY, this);
  }

  void attach(GuardedCall<?, ?> guarded) {
    call = guarded;
  }

  /** Null until there is one, and for methods that the server doesn't have. */
  GuardedCall<?, ?> call() {
    return call;
  }

  long receiving() {
    return receiving;
  }

  long owing() {
    return owing;
  }

  /** A call of one message is awaited from its start. */
  void awaitMessage() {
    receiving = clock.getAsLong();
  }

  /** Nothing is awaited any more. */
  void received() {
    receiving = StallRule.NEVER;
  }

  /** The client has something to take. */
  void owe() {
    if (owing == StallRule.NEVER) {
      owing = clock.getAsLong();
    }
  }

  /** The client has taken most of what there was. */
  synchronized void taken() {
    owing = StallRule.NEVER;
    budget.give(unsent);
    unsent = 0;
  }

  @Override
  public void inboundWireSize(long bytes) {
    MessageBudget.Refusal refusal;
    synchronized (this) {
      if (over) {
        return;
      }
      long more = bytes + PIECE_BYTES;
      if (budget.take(more, arriving + arrived)) {
        arriving += more;
        refusal = null;
      } else if (refused) {
        // The first refusal isn't out, and there is more already: no waiting for it.
        throw budget.refusal().status().asRuntimeException();
      } else {
        refused = true;
        refusal = budget.refusal();
      }
    }
    GuardedCall<?, ?> current = call;
    if (refusal != null) {
      if (current == null) {
        throw refusal.status().asRuntimeException();
      }
      current.end(refusal.status(), refusal.trailers());
    } else if (receiving == StallRule.NEVER && current != null) {
      receiving = clock.getAsLong();
    }
  }

  @Override
  public synchronized void inboundMessageRead(int number, long wireSize, long uncompressedSize) {
    if (over) {
      return;
    }
    counted = uncompressedSize >= 0;
    if (counted) {
      long length = Math.min(uncompressedSize, arriving);
      budget.give(arriving - length);
      arrived += length;
    } else {
      // Its bytes stay until it is decompressed.
      arrived += arriving;
    }
    arriving = 0;
  }

  /** Of a compressed message, as it is decompressed; of another, all of it, counted already. */
  @Override
  public synchronized void inboundUncompressedSize(long bytes) {
    if (over || counted) {
      return;
    }
    if (!budget.take(bytes, arrived)) {
      throw budget.refusal().status().asRuntimeException();
    }
    arrived += bytes;
  }

  /** What has arrived is the handler's from now on, which counts for itself. */
  synchronized void handled() {
    budget.give(arrived);
    arrived = 0;
  }

  @Override
  public synchronized void outboundWireSize(long bytes) {
    if (!over) {
      budget.add(bytes);
      unsent += bytes;
    }
  }

  @Override
  public void streamClosed(Status status) {
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
      budget.give(arriving + arrived + unsent);
      arriving = 0;
      arrived = 0;
      unsent = 0;
    }
    closed.run();
  }

  /** Resets the stream, whatever state it is in. */
  void cut(String why) {
    Context.CancellableContext current = scope;
    if (current != null) {
      // Of all causes, only this one makes gRPC reset the stream.
      current.cancel(Status.DEADLINE_EXCEEDED.withDescription(why).asException());
    }
  }
}
