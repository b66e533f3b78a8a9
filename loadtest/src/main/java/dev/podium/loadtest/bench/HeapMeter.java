package dev.podium.loadtest.bench;

import com.sun.management.ThreadMXBean;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import javax.management.MBeanServerConnection;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/**
 * Heap that another Java process on this machine has allocated, summed over its threads, and what
 * its compilers have done. Reading costs that process about a hundred kilobytes, so it is read
 * before and after a stretch, never during one.
 */
public final class HeapMeter implements AutoCloseable {
  private final JMXConnector connector;
  private final ThreadMXBean threads;
  private final List<BufferPoolMXBean> buffers;
  private final CompilationMXBean compilers;

  private HeapMeter(
      JMXConnector connector,
      ThreadMXBean threads,
      List<BufferPoolMXBean> buffers,
      CompilationMXBean compilers) {
    this.connector = connector;
    this.threads = threads;
    this.buffers = buffers;
    this.compilers = compilers;
  }

  /** A meter, or null if the process is not Java or can't be attached to. */
  @SuppressWarnings(
      "BanJNDI") // no look-up of a name: the process on the other side is one that the bench
  // started
  public static HeapMeter attach(long pid) {
    try {
      VirtualMachine machine = VirtualMachine.attach(Long.toString(pid));
      String address;
      try {
        address = machine.startLocalManagementAgent();
      } finally {
        machine.detach();
      }
      JMXConnector connector = JMXConnectorFactory.connect(new JMXServiceURL(address));
      MBeanServerConnection server = connector.getMBeanServerConnection();
      return new HeapMeter(
          connector,
          ManagementFactory.newPlatformMXBeanProxy(
              server, ManagementFactory.THREAD_MXBEAN_NAME, ThreadMXBean.class),
          ManagementFactory.getPlatformMXBeans(server, BufferPoolMXBean.class),
          ManagementFactory.newPlatformMXBeanProxy(
              server, ManagementFactory.COMPILATION_MXBEAN_NAME, CompilationMXBean.class));
    } catch (IOException | AttachNotSupportedException | NoClassDefFoundError e) {
      return null; // a figure beside the headline, not a reason to fail
    }
  }

  /** Bytes allocated by the threads that are alive. */
  public long bytes() {
    long total = 0;
    for (long bytes : threads.getThreadAllocatedBytes(threads.getAllThreadIds())) {
      total += Math.max(0, bytes); // -1: ended since
    }
    return total;
  }

  /** Bytes in the direct buffers that the Java runtime counts. */
  public long directBytes() {
    return buffers.stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  /** Time that its compilers worked, in milliseconds, summed over them. */
  public long compileMillis() {
    return compilers.getTotalCompilationTime();
  }

  @Override
  public void close() {
    try {
      connector.close();
    } catch (IOException e) {
      // The process may be gone; so is the connection then.
    }
  }
}
