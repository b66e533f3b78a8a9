package dev.podium.server.rpc;

import dev.podium.server.fault.Quoted;
import dev.podium.server.feature.wire.MessageBytes;
import dev.podium.server.feature.wire.MessagePool;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Methods as the server handles them: requests as bytes that stay undecoded, answers as bytes that
 * are encoded once. Names and schema are the generated ones.
 */
final class ByteMethods {
  private final MessagePool pool;

  ByteMethods(MessagePool pool) {
    this.pool = pool;
  }

  MethodDescriptor<MessageBytes, byte[]> of(MethodDescriptor<?, ?> method) {
    return method.toBuilder(new RequestMarshaller(), ANSWER).build();
  }

  private final class RequestMarshaller implements MethodDescriptor.Marshaller<MessageBytes> {
    @Override
    public InputStream stream(MessageBytes value) {
      throw new UnsupportedOperationException("a server sends no requests");
    }

    @Override
    public MessageBytes parse(InputStream stream) {
      try {
        return pool.read(stream, stream instanceof KnownLength ? stream.available() : 0);
      } catch (IOException e) {
        throw Status.INTERNAL
            .withDescription(
                "request: its bytes can't be read: " + Quoted.text(String.valueOf(e.getMessage())))
            .withCause(e)
            .asRuntimeException();
      }
    }
  }

  private static final MethodDescriptor.Marshaller<byte[]> ANSWER =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new AnswerStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          throw new UnsupportedOperationException("a server takes no answers");
        }
      };

  /** Lets the transport copy an answer in one go. */
  private static final class AnswerStream extends ByteArrayInputStream
      implements Drainable, KnownLength {
    AnswerStream(byte[] bytes) {
      super(bytes);
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      int length = count - pos;
      target.write(buf, pos, length);
      pos = count;
      return length;
    }
  }
}
