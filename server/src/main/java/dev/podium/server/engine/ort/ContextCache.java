package dev.podium.server.engine.ort;

import dev.podium.server.engine.ContextCacheStatus;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.HashFunction;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Keeps what context halves gave for a short time, for the next request of the same user in the
 * same context. Exact: an entry is found by the context's bytes themselves, not by a name for them.
 * Bounded in bytes and in age. Thread-safe.
 */
final class ContextCache {
  /** Computes each anew. */
  static final ContextCache NONE = new ContextCache(0, 0, System::nanoTime);

  /** Computes what the cache doesn't hold. */
  @FunctionalInterface
  interface Computation {
    OnnxContext run() throws RankException;
  }

  private final long maxBytes;
  private final long maxAgeNanos;
  private final LongSupplier clock;
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();

  // Guarded by this. In the order of use: the first is the next to go.
  private final Map<Key, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
  private long bytes;

  /**
   * @param maxBytes of native memory and keys; 0 to keep nothing
   * @param clock nanoseconds
   */
  ContextCache(long maxBytes, long maxAgeNanos, LongSupplier clock) {
    this.maxBytes = maxBytes;
    this.maxAgeNanos = maxAgeNanos;
    this.clock = clock;
  }

  /** The context half's result for a filled context row; the caller closes it once. */
  OnnxContext get(TensorBuffers contextRow, Computation computation) throws RankException {
    if (maxBytes == 0) {
      return computation.run();
    }
    Key key = Key.of(contextRow);
    OnnxContext kept = find(key);
    if (kept != null) {
      hits.increment();
      return kept;
    }
    misses.increment();
    OnnxContext fresh = computation.run();
    keep(key, fresh);
    return fresh;
  }

  /** How it is used. */
  synchronized ContextCacheStatus status() {
    return new ContextCacheStatus(hits.sum(), misses.sum(), entries.size(), bytes);
  }

  /** Lets go of all entries; those in use stay until they are closed. */
  synchronized void clear() {
    entries.values().forEach(entry -> entry.context.close());
    entries.clear();
    bytes = 0;
  }

  private synchronized OnnxContext find(Key key) {
    Entry entry = entries.get(key);
    if (entry == null) {
      return null;
    }
    if (clock.getAsLong() - entry.madeAt > maxAgeNanos) {
      entries.remove(key);
      drop(entry);
      return null;
    }
    return entry.context.share();
  }

  private synchronized void keep(Key key, OnnxContext fresh) {
    long size = fresh.bytes() + key.content.length;
    if (size > maxBytes) {
      return;
    }
    Entry old = entries.put(key, new Entry(fresh.share(), clock.getAsLong(), size));
    bytes += size;
    if (old != null) {
      drop(old);
    }
    Iterator<Entry> oldest = entries.values().iterator();
    while (bytes > maxBytes) {
      Entry entry = oldest.next();
      oldest.remove();
      drop(entry);
    }
  }

  private void drop(Entry entry) {
    bytes -= entry.size;
    entry.context.close();
  }

  private record Entry(OnnxContext context, long madeAt, long size) {}

  /** The content of a context row. */
  private static final class Key {
    private final byte[] content;
    private final int hash;

    private Key(byte[] content) {
      this.content = content;
      this.hash = Long.hashCode(HashFunction.XXHASH64.hash(content, 0, content.length, 0));
    }

    static Key of(TensorBuffers row) {
      int length = 0;
      byte[][] texts = new byte[row.specs().size()][];
      for (int input = 0; input < texts.length; input++) {
        if (row.strings(input) != null) {
          texts[input] = framed(row.strings(input), row.rowElements(input));
          length += texts[input].length;
        } else {
          length += row.rowBytes(input);
        }
      }
      ByteBuffer content = ByteBuffer.allocate(length);
      for (int input = 0; input < texts.length; input++) {
        if (texts[input] != null) {
          content.put(texts[input]);
        } else {
          content.put(content.position(), row.numbers(input), 0, row.rowBytes(input));
          content.position(content.position() + row.rowBytes(input));
        }
      }
      return new Key(content.array());
    }

    /** Each text after its length, so that no text can pass for two others. */
    private static byte[] framed(String[] texts, int count) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (int i = 0; i < count; i++) {
        byte[] text = texts[i].getBytes(StandardCharsets.UTF_8);
        all.writeBytes(
            ByteBuffer.allocate(Integer.BYTES + text.length).putInt(text.length).put(text).array());
      }
      return all.toByteArray();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Key key && Arrays.equals(content, key.content);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }
}
