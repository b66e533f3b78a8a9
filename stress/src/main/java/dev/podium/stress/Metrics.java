package dev.podium.stress;

import java.util.ArrayList;
import java.util.List;

/** One look at a server's {@code /metrics}, in Prometheus' text format. Immutable. */
final class Metrics {
  private final List<Sample> samples;

  /**
   * @param series name and labels as they are written
   */
  private record Sample(String series, double value) {}

  private Metrics(List<Sample> samples) {
    this.samples = samples;
  }

  /** Reads a page; lines that are no samples are passed over. */
  static Metrics parse(String page) {
    List<Sample> samples = new ArrayList<>();
    for (String line : page.split("\n", -1)) {
      // A label's value may hold spaces; what follows the labels does not.
      int end = line.indexOf(' ', Math.max(0, line.lastIndexOf('}')));
      if (line.startsWith("#") || end < 0) {
        continue;
      }
      String value = line.substring(end).strip().split(" ", 2)[0];
      if (value.matches("[-+0-9.eE]+")) {
        samples.add(new Sample(line.substring(0, end), Double.parseDouble(value)));
      }
    }
    return new Metrics(List.copyOf(samples));
  }

  /**
   * The sum of a metric's series that have all these labels; 0 if there are none.
   *
   * @param labels such as {@code model="din"}
   */
  double sum(String name, String... labels) {
    double sum = 0;
    for (Sample sample : samples) {
      String series = sample.series();
      boolean named =
          series.startsWith(name)
              && (series.length() == name.length() || series.charAt(name.length()) == '{');
      for (int i = 0; i < labels.length && named; i++) {
        named = series.contains('{' + labels[i]) || series.contains(',' + labels[i]);
      }
      sum += named ? sample.value() : 0;
    }
    return sum;
  }
}
