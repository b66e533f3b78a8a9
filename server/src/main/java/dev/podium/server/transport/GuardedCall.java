package dev.podium.server.transport;

import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.SecurityLevel;
import io.grpc.ServerCall;
import io.grpc.Status;

/**
 * A call that can be ended from outside at any time, whatever its handler does at that moment: what
 * the handler still sends is dropped, and it hears that the call was cancelled. Thread-safe.
 */
final class GuardedCall<Q, A> extends ServerCall<Q, A> {
  private final ServerCall<Incoming<Q>, A> call;
  private final MethodDescriptor<Q, A> method;
  private final StreamWatch watch;

  // Guarded by this.
  private boolean closed;
  private boolean ended;
  private boolean halfClosed;

  /** How the call ends once nothing is in work; null while the server doesn't stop. */
  private Status draining;

  private long received;
  private long sent;

  GuardedCall(ServerCall<Incoming<Q>, A> call, MethodDescriptor<Q, A> method, StreamWatch watch) {
    this.call = call;
    this.method = method;
    this.watch = watch;
  }

  /** Counts a message that the handler is to get; false if it isn't to. */
  synchronized boolean deliver() {
    if (ended || draining != null) {
      return false;
    }
    received++;
    return true;
  }

  /** Whether the call was ended from outside. */
  synchronized boolean isEnded() {
    return ended;
  }

  /** Ends the call, unless its handler has. */
  synchronized void end(Status status, Metadata trailers) {
    if (closed) {
      return;
    }
    closed = true;
    ended = true;
    watch.received();
    watch.owe();
    call.close(status, trailers);
  }

  /**
   * The server stops: a stream takes no more requests, and ends when those that it has are
   * answered. Calls of one request go on.
   */
  synchronized void drain(Status status) {
    if (method.getType() == MethodDescriptor.MethodType.UNARY) {
      return;
    }
    draining = status;
    endIfIdle();
  }

  /**
   * A stream from the server alone is over whenever the server is. One that the client has closed
   * is ended by its handler.
   */
  private void endIfIdle() {
    boolean fromServer = method.getType().clientSendsOneMessage();
    if (draining != null && (fromServer || (sent >= received && !halfClosed))) {
      end(draining, new Metadata());
    }
  }

  /** The client sends no more. */
  synchronized void halfClosed() {
    halfClosed = true;
  }

  @Override
  public void request(int messages) {
    call.request(messages);
  }

  @Override
  public synchronized void sendHeaders(Metadata headers) {
    if (!ended) {
      call.sendHeaders(headers);
    }
  }

  @Override
  public synchronized void sendMessage(A message) {
    if (ended) {
      return;
    }
    call.sendMessage(message);
    sent++;
    if (!method.getType().serverSendsOneMessage()) {
      if (call.isReady()) {
        watch.taken();
      } else {
        watch.owe();
      }
      endIfIdle();
    }
  }

  @Override
  public synchronized void close(Status status, Metadata trailers) {
    if (ended) {
      return;
    }
    closed = true;
    watch.received();
    watch.owe();
    call.close(status, trailers);
  }

  /** The client has taken what there was, or nearly; the end of a call it takes as a whole. */
  synchronized void ready() {
    if (!closed) {
      watch.taken();
    }
  }

  @Override
  public boolean isReady() {
    return call.isReady();
  }

  @Override
  public boolean isCancelled() {
    return call.isCancelled();
  }

  @Override
  public void setMessageCompression(boolean enabled) {
    call.setMessageCompression(enabled);
  }

  @Override
  public void setCompression(String compressor) {
    call.setCompression(compressor);
  }

  @Override
  public void setOnReadyThreshold(int bytes) {
    call.setOnReadyThreshold(bytes);
  }

  @Override
  public SecurityLevel getSecurityLevel() {
    return call.getSecurityLevel();
  }

  @Override
  public Attributes getAttributes() {
    return call.getAttributes();
  }

  @Override
  public String getAuthority() {
    return call.getAuthority();
  }

  @Override
  public MethodDescriptor<Q, A> getMethodDescriptor() {
    return method;
  }
}
