package dev.podium.loadtest;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** CPU time of this process. */
public final class ProcessCpuTime {
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private ProcessCpuTime() {}

  /** Nanoseconds of all threads since the process began. */
  public static long nanos() {
    return SYSTEM.getProcessCpuTime();
  }
}
