package dev.podium.loadtest.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The processor's name, where the operating system tells. */
final class CpuInfo {
  private CpuInfo() {}

  static String modelName() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"), StandardCharsets.UTF_8)) {
        if (line.startsWith("model name")) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    } catch (IOException e) {
      return "unknown"; // not Linux: a name is a courtesy, not a figure
    }
    return "unknown";
  }
}
