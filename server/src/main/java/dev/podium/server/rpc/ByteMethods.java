package dev.podium.server.rpc;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;

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
        int expected = stream instanceof KnownLength ? stream.available() : 0;
        MessageBytes bytes = pool.take(expected);
        int length = stream.readNBytes(bytes.array(), 0, bytes.array().length);
        int next = length == bytes.array().length ? stream.read() : -1;
        if (next >= 0) {
          return readOn(bytes, (byte) next, stream);
        }
        bytes.setLength(length);
        return bytes;
      } catch (IOException e) {
        throw Status.INTERNAL
            .withDescription("request: its bytes can't be read: " + e.getMessage())
            .withCause(e)
            .asRuntimeException();
      }
    }

    /** A message longer than it said, as compressed ones are. */
    private MessageBytes readOn(MessageBytes first, byte next, InputStream stream)
        throws IOException {
      byte[] head = Arrays.copyOf(first.array(), first.array().length + 1);
      head[first.array().length] = next;
      byte[] tail = stream.readAllBytes();
      MessageBytes whole = new MessageBytes(pool, Arrays.copyOf(head, head.length + tail.length));
      System.arraycopy(tail, 0, whole.array(), head.length, tail.length);
      whole.setLength(whole.array().length);
      first.release();
      return whole;
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
