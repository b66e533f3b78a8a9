package dev.podium.server.rpc;

import dev.podium.server.fault.RankException;
import dev.podium.server.feature.wire.MessageBytes;
import dev.podium.server.schedule.RankTask;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Many requests on one call, each answered when it is done or, if asked for, in order. */
final class StreamCall extends ServerCall.Listener<MessageBytes> {
  /**
   * Requests of one stream that may be in work at once; the client's own flow control does the
   * rest.
   */
  private static final int WINDOW = 64;

  private final RequestHandler<?> handler;
  private final ServerCall<MessageBytes, byte[]> call;
  private final CallInfo info;

  // Guarded by this: a call takes one thread at a time, and answers come from many.
  private final Set<Item> inWork = new LinkedHashSet<>();
  private int owed;
  private boolean halfClosed;
  private boolean ended;

  StreamCall(RequestHandler<?> handler, ServerCall<MessageBytes, byte[]> call, CallInfo info) {
    this.handler = handler;
    this.call = call;
    this.info = info;
    call.sendHeaders(new Metadata());
    call.request(WINDOW);
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
    if (handler.receive(bytes, info, item)) {
      item.start(handler.handle(bytes, info, item));
    }
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
    List<Item> left;
    synchronized (this) {
      ended = true;
      left = new ArrayList<>(inWork);
    }
    left.forEach(Item::cancel);
  }

  /** Sends what may be sent now, and asks for more requests if the client reads its answers. */
  private synchronized void done(Item item, byte[] response) {
    item.response = response;
    if (ended) {
      inWork.remove(item);
      return;
    }
    if (handler.inOrder()) {
      sendOldest();
    } else {
      send(item);
      inWork.remove(item);
    }
    askForMore();
    closeWhenDone();
  }

  private void sendOldest() {
    Iterator<Item> oldest = inWork.iterator();
    while (oldest.hasNext()) {
      Item next = oldest.next();
      if (next.response == null) {
        return;
      }
      send(next);
      oldest.remove();
    }
  }

  private void send(Item item) {
    call.sendMessage(item.response);
    owed++;
  }

  private void askForMore() {
    if (!ended && owed > 0 && call.isReady()) {
      call.request(owed);
      owed = 0;
    }
  }

  private void breakOff() {
    List<Item> left;
    synchronized (this) {
      if (ended) {
        return;
      }
      ended = true;
      left = new ArrayList<>(inWork);
      inWork.clear();
    }
    closeBroken();
    left.forEach(Item::cancel);
  }

  private void closeBroken() {
    try {
      call.close(Status.INTERNAL, new Metadata());
    } catch (Throwable e) {
      Failures.report("a stream could not be closed", e);
    }
  }

  private void closeWhenDone() {
    if (halfClosed && inWork.isEmpty() && !ended) {
      ended = true;
      try {
        call.close(Status.OK, new Metadata());
      } catch (Throwable e) {
        Failures.report("a stream could not be closed", e);
        closeBroken();
      }
    }
  }

  /** One request of the stream. */
  private final class Item implements RankResponder {
    private volatile RankTask task;

    /** Guarded by the call. */
    private byte[] response;

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
    public void answer(byte[] answer) {
      done(this, handler.streamed(answer));
    }

    /** An answer is missing from the stream, so the stream can't go on. */
    @Override
    public void drop() {
      breakOff();
    }

    @Override
    public void refuse(String requestId, RankException why) {
      done(this, handler.streamed(requestId, why));
    }
  }
}
