import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordingFile;

/**
 * Where a process's CPU time went, room by room, from a recording of the Flight Recorder with {@code
 * jdk.CPUTimeSample} (JDK 25 or newer, Linux) and {@code jdk.CPULoad}. Prints JSON.
 *
 * <p>{@code java Rooms.java NAME RECORDING.jfr SECONDS REQUESTS_A_SECOND}: the last seconds of the
 * recording, less the very last, in which the process ends. A sample belongs to the innermost frame that is ours or one
 * of the libraries below; what the JDK does counts for its caller. CPU time that no sample of a Java
 * thread explains is that of the JVM's own threads: compilers, garbage collection.
 */
final class Rooms {
  private static final String OURS = "dev.podium.";

  private static final Map<String, String> LIBRARIES = new LinkedHashMap<>();

  static {
    LIBRARIES.put("ai.onnxruntime.", "ONNX Runtime");
    LIBRARIES.put("io.grpc.netty.", "gRPC over Netty");
    LIBRARIES.put("io.netty.", "Netty and system calls");
    LIBRARIES.put("io.grpc.", "gRPC");
    LIBRARIES.put("io.perfmark.", "gRPC");
    LIBRARIES.put("com.google.protobuf.", "protobuf");
    LIBRARIES.put("org.HdrHistogram.", "HdrHistogram");
  }

  private Rooms() {}

  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 4) {
      System.err.println("Rooms: expected: NAME RECORDING.jfr SECONDS REQUESTS_A_SECOND");
      System.exit(2);
    }
    Path file = Path.of(arguments[1]);
    Duration length = Duration.ofMillis((long) (Double.parseDouble(arguments[2]) * 1000));
    List<RecordedEvent> events = RecordingFile.readAllEvents(file);
    Instant end = Instant.MIN;
    for (RecordedEvent event : events) {
      if (event.getEventType().getName().equals("jdk.CPUTimeSample")
          && event.getEndTime().isAfter(end)) {
        end = event.getEndTime();
      }
    }
    if (end.equals(Instant.MIN)) {
      System.err.println(file + ": no jdk.CPUTimeSample (expected: a recording of JDK 25 or newer)");
      System.exit(1);
    }
    end = end.minusSeconds(1);
    Instant begin = end.minus(length);
    Map<String, Double> seconds = new LinkedHashMap<>();
    double sampled = 0;
    double total = 0;
    int cores = Runtime.getRuntime().availableProcessors();
    for (RecordedEvent event : events) {
      Instant at = event.getEndTime();
      if (at.isBefore(begin) || at.isAfter(end)) {
        continue;
      }
      switch (event.getEventType().getName()) {
        case "jdk.CPUTimeSample" -> {
          double weight = event.getDuration("samplingPeriod").toNanos() / 1e9;
          seconds.merge(room(event), weight, Double::sum);
          sampled += weight;
        }
        case "jdk.CPULoad" -> // once a second, of all cores
            total += (event.getFloat("jvmUser") + event.getFloat("jvmSystem")) * cores;
        default -> {}
      }
    }
    seconds.put("JIT compiler, collector", Math.max(0, total - sampled));
    double requests = Double.parseDouble(arguments[3]) * length.toMillis() / 1e3;
    print(arguments[0], length.toMillis() / 1e3, Math.max(total, sampled), requests, seconds);
  }

  private static String room(RecordedEvent event) {
    if (event.getStackTrace() == null) {
      return "unknown";
    }
    for (RecordedFrame frame : event.getStackTrace().getFrames()) {
      String type = frame.getMethod().getType().getName();
      if (type.startsWith(OURS)) {
        return ours(type);
      }
      for (Map.Entry<String, String> library : LIBRARIES.entrySet()) {
        if (type.startsWith(library.getKey())) {
          return library.getValue();
        }
      }
    }
    return "other Java";
  }

  /** {@code dev.podium.server.rpc.RankHandler} is in the room {@code rpc}; of others, the package. */
  private static String ours(String type) {
    String inner = type.substring(OURS.length());
    String folder = inner.contains(".") ? inner.substring(0, inner.lastIndexOf('.')) : "podium";
    return folder.startsWith("server.") ? folder.substring("server.".length()) : folder;
  }

  private static void print(
      String name, double length, double total, double requests, Map<String, Double> seconds) {
    StringBuilder json = new StringBuilder();
    json.append("{\"name\": \"").append(name).append("\", \"seconds\": ").append(length);
    json.append(", \"cpu_s\": ").append(Math.round(total * 1000) / 1e3);
    json.append(", \"cpu_ms_per_request\": ").append(Math.round(total / requests * 1e7) / 1e4);
    json.append(", \"java\": \"").append(Runtime.version()).append("\", \"parts\": [");
    String comma = "";
    List<Map.Entry<String, Double>> parts =
        seconds.entrySet().stream()
            .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
            .toList();
    for (Map.Entry<String, Double> part : parts) {
      json.append(comma).append("{\"part\": \"").append(part.getKey()).append("\", \"share\": ");
      json.append(Math.round(part.getValue() / total * 1e4) / 1e4).append('}');
      comma = ", ";
    }
    System.out.println(json.append("]}"));
  }
}
