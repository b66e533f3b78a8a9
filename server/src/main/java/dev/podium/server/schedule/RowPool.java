package dev.podium.server.schedule;

import dev.podium.server.feature.assembly.TensorBuffers;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/**
 * Memory for the features of large requests while their tiles run. Bounded in bytes; buffers are
 * used again, since making direct memory costs more than filling it. Thread-safe.
 *
 * <p>Room is reserved when a task is taken and given back with its buffers, so that a task which
 * finds no room just stays in the queue.
 */
final class RowPool {
  private final long maxBytes;
  private final Map<Key, ArrayDeque<TensorBuffers>> idle = new HashMap<>();
  private long reservedBytes;
  private long idleBytes;
  private int reserved;

  private record Key(ServedVersion version, int capacity) {}

  RowPool(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** Whether a task could be assembled now. One always can if no other is. */
  synchronized boolean hasRoomFor(RankTask task) {
    return reserved == 0 || reservedBytes + bytes(task) <= maxBytes;
  }

  synchronized void reserve(RankTask task) {
    reserved++;
    reservedBytes += bytes(task);
    makeRoom(0);
  }

  /** Buffers for a task that has reserved them. */
  TensorBuffers acquire(RankTask task) {
    Key key = new Key(task.version, capacity(task));
    synchronized (this) {
      ArrayDeque<TensorBuffers> buffers = idle.get(key);
      TensorBuffers found = buffers == null ? null : buffers.poll();
      if (found != null) {
        idleBytes -= found.directBytes();
        return found;
      }
    }
    return new TensorBuffers(task.version.session().inputs(), key.capacity);
  }

  /** Gives back a task's room, and its buffers if it had got them. */
  synchronized void release(RankTask task, TensorBuffers buffers) {
    reserved--;
    reservedBytes -= bytes(task);
    if (buffers == null || buffers.directBytes() > maxBytes) {
      return;
    }
    try {
      keep(task.version, buffers);
    } catch (OutOfMemoryError e) {
      // Then they are not used again.
    }
  }

  private void keep(ServedVersion version, TensorBuffers buffers) {
    makeRoom(buffers.directBytes());
    idle.computeIfAbsent(new Key(version, buffers.capacity()), key -> new ArrayDeque<>())
        .push(buffers);
    idleBytes += buffers.directBytes();
  }

  /** Forgets the buffers of a version that is no longer served. */
  synchronized void drop(ServedVersion version) {
    idle.entrySet()
        .removeIf(
            entry -> {
              if (entry.getKey().version != version) {
                return false;
              }
              entry.getValue().forEach(buffers -> idleBytes -= buffers.directBytes());
              return true;
            });
  }

  synchronized int reserved() {
    return reserved;
  }

  /** Bytes in use and kept for the next. */
  synchronized long bytes() {
    return reservedBytes + idleBytes;
  }

  /** Forgets idle buffers until some more fit. */
  private void makeRoom(long bytes) {
    Iterator<ArrayDeque<TensorBuffers>> all = idle.values().iterator();
    while (reservedBytes + idleBytes + bytes > maxBytes && all.hasNext()) {
      ArrayDeque<TensorBuffers> buffers = all.next();
      while (reservedBytes + idleBytes + bytes > maxBytes && !buffers.isEmpty()) {
        idleBytes -= buffers.poll().directBytes();
      }
      if (buffers.isEmpty()) {
        all.remove();
      }
    }
  }

  private static long bytes(RankTask task) {
    return task.version.rowBytes() * capacity(task);
  }

  private static int capacity(RankTask task) {
    return Capacities.rounded(task.rows, task.version.largestRowBytes());
  }
}
