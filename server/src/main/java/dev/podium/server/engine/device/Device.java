package dev.podium.server.engine.device;

import dev.podium.graph.pass.DeviceTrait;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a device can do, as far as it decides how a model is run on it. Whoever needs to know asks
 * here, never for a device's name. Immutable.
 *
 * @param provider name of the execution provider that runs on it
 * @param tileRows numbers of rows of a tile worth trying, ascending, each above 1
 * @param concurrentRuns how many runs it takes at once; more than these wait inside the runtime
 * @param hostSums whether sums over bags may be added up in the host's memory before a run; whether
 *     that pays is measured
 * @param onCallingThread whether the thread that asks for a run does its work. If so, each worker
 *     gains by sessions of its own, and a run costs that thread's processor time; otherwise it
 *     costs the time that passes
 */
public record Device(
    String provider,
    List<Integer> tileRows,
    int concurrentRuns,
    boolean hostSums,
    boolean onCallingThread) {

  private static final int ANY_NUMBER = Integer.MAX_VALUE;

  /** The runtime's own kernels, one thread a run. */
  public static final Device CPU =
      new Device("cpu", List.of(16, 32, 64, 128, 256, 512, 1024), ANY_NUMBER, true, true);

  /**
   * One stream of work, and a price for each run that few rows don't earn. The sizes are a guess
   * until they were measured on each of them.
   */
  private static final List<Device> ACCELERATORS =
      Stream.of("cuda", "tensorrt", "webgpu")
          .map(name -> new Device(name, List.of(64, 256, 1024, 4096), 1, true, false))
          .toList();

  public Device {
    tileRows = List.copyOf(tileRows);
    if (tileRows.isEmpty() || tileRows.get(0) <= 1) {
      throw new IllegalArgumentException(
          "tile rows: " + tileRows + " (expected: at least one, each above 1)");
    }
  }

  /**
   * What runs a model whose session has these providers.
   *
   * @param providers in the runtime's order, at least one: the first takes what it can
   */
  public static Device of(List<String> providers) {
    String first = providers.get(0);
    if (first.equals(CPU.provider)) {
      return CPU;
    }
    return ACCELERATORS.stream()
        .filter(device -> device.provider.equals(first))
        .findFirst()
        .orElseGet(() -> plugIn(first));
  }

  /** Of a plug-in nothing is known but that its work may be done anywhere. */
  private static Device plugIn(String name) {
    return new Device(name, CPU.tileRows, ANY_NUMBER, true, false);
  }

  /** The same for sessions whose runs are spread over threads of the runtime's own. */
  public Device withOwnThreads() {
    return new Device(provider, tileRows, concurrentRuns, hostSums, false);
  }

  /** What the compiler's passes may ask of it. */
  public Set<DeviceTrait> traits() {
    return hostSums ? Set.of(DeviceTrait.HOST_SUMS) : Set.of();
  }

  /** The numbers of rows at which costs are measured: one row, and those of {@link #tileRows}. */
  public int[] measuredRows() {
    return IntStream.concat(IntStream.of(1), tileRows.stream().mapToInt(Integer::intValue))
        .toArray();
  }
}
