package dev.podium.loadtest.measure;

import java.util.PriorityQueue;

/**
 * A clock that moves only when someone waits for it, and then runs what was due on the way. For one
 * thread.
 */
final class VirtualClock implements Clock {
  private record Event(long at, long order, Runnable work) {}

  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          (a, b) ->
              a.at() != b.at() ? Long.compare(a.at(), b.at()) : Long.compare(a.order(), b.order()));
  private long now = 12_345;
  private long order;

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public void parkUntil(long nanoTime) {
    while (!events.isEmpty() && events.peek().at() <= nanoTime) {
      Event event = events.poll();
      now = Math.max(now, event.at());
      event.work().run();
    }
    now = Math.max(now, nanoTime);
  }

  void schedule(long at, Runnable work) {
    events.add(new Event(at, order++, work));
  }
}
