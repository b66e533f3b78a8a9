package dev.podium.server.schedule;

import dev.podium.server.engine.TileRunner;
import java.util.IdentityHashMap;

/**
 * One place where tiles run: a tile, and the buffers for it, kept for the worker's lifetime. Used
 * by one thread at a time, to which the scheduler's lock hands it over: the worker's own, or a
 * submitting thread while the worker's own is parked ({@link WorkerTable}).
 */
final class Worker {
  final int index;

  /** Its own thread. Set once, before it starts. */
  private Thread thread;

  final Tile tile = new Tile();

  /**
   * The runner whose run is in progress or about to start. Set by whoever uses the worker, before
   * it looks once more whether anybody waits for the tile; cleared under the scheduler's lock,
   * under which alone {@link TileRunner#terminate} is called. So a run that nobody waits for either
   * doesn't start or is stopped, and the next one isn't.
   */
  volatile TileRunner running;

  /**
   * Why the worker can't go on before it was replaced; null if it can. Written by whoever uses it.
   */
  Throwable broken;

  /** Of whoever uses the worker; if nobody does, of whoever holds the scheduler's lock. */
  private final IdentityHashMap<ServedVersion, VersionRunner> runners = new IdentityHashMap<>();

  Worker(int index) {
    this.index = index;
  }

  void start(Thread own) {
    thread = own;
    own.start();
  }

  /** Its own thread; null if that was never made. */
  Thread thread() {
    return thread;
  }

  /** How many versions it keeps something for. */
  int runners() {
    return runners.size();
  }

  /** What it keeps for a version, or null. */
  VersionRunner runner(ServedVersion version) {
    return runners.get(version);
  }

  void keep(VersionRunner runner) {
    runners.put(runner.version, runner);
  }

  /** Takes a version's buffers out, if it has any; the caller closes them. */
  VersionRunner remove(ServedVersion version) {
    return runners.remove(version);
  }

  /** Takes the buffers of some version out; null if there are none. The caller closes them. */
  VersionRunner removeAny() {
    var all = runners.values().iterator();
    if (!all.hasNext()) {
      return null;
    }
    VersionRunner any = all.next();
    all.remove();
    return any;
  }
}
