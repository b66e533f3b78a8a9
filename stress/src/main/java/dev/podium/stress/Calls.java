package dev.podium.stress;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Unary calls that can be cancelled. They tell whether a status came from the server or from the
 * client library. As thread-safe as its channels.
 */
final class Calls {
  /** In the headers, or the trailers, of every response that a server makes, and of no other. */
  private static final Metadata.Key<String> CONTENT_TYPE =
      Metadata.Key.of("content-type", Metadata.ASCII_STRING_MARSHALLER);

  private final Supplier<? extends Channel> channels;
  private final MethodDescriptor<byte[], byte[]> method;

  /** Takes the end of a call, exactly once, on any thread. */
  @FunctionalInterface
  interface Completion {
    void done(Status status, boolean fromServer);
  }

  Calls(Supplier<? extends Channel> channels, MethodDescriptor<byte[], byte[]> method) {
    this.channels = channels;
    this.method = method;
  }

  /**
   * Sends a request.
   *
   * @param deadlineNanos 0 for none
   * @return the call, which may be cancelled
   */
  ClientCall<byte[], byte[]> send(byte[] request, long deadlineNanos, Completion completion) {
    CallOptions options =
        deadlineNanos == 0
            ? CallOptions.DEFAULT
            : CallOptions.DEFAULT.withDeadlineAfter(deadlineNanos, TimeUnit.NANOSECONDS);
    ClientCall<byte[], byte[]> call = channels.get().newCall(method, options);
    call.start(new Listener(completion), new Metadata());
    call.request(2);
    call.sendMessage(request);
    call.halfClose();
    return call;
  }

  private static final class Listener extends ClientCall.Listener<byte[]> {
    private final Completion completion;

    Listener(Completion completion) {
      this.completion = completion;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      // A success always comes over the wire, and a failure of this server has no headers before
      // it.
      completion.done(status, status.isOk() || trailers.containsKey(CONTENT_TYPE));
    }
  }
}
