package dev.podium.server;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.podium.server.transport.GrpcTransport;
import java.lang.management.ManagementFactory;

/** What the process has. */
final class ThisMachine {
  private ThisMachine() {}

  static MemoryBounds.Machine read() {
    long files = -1;
    long open = 0;
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
      files = system.getMaxFileDescriptorCount();
      open = system.getOpenFileDescriptorCount();
    }
    return new MemoryBounds.Machine(
        Runtime.getRuntime().maxMemory(), GrpcTransport.mostDirectBytes(), files, open);
  }
}
