package dev.podium.loadtest.run;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** CPU time of this process. */
final class ProcessCpuTime {
  private static final OperatingSystemMXBean SYSTEM =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  private ProcessCpuTime() {}

  /** Nanoseconds of all threads since the process began. */
  static long nanos() {
    return SYSTEM.getProcessCpuTime();
  }
}
