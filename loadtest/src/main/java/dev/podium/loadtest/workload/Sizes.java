package dev.podium.loadtest.workload;

import dev.podium.loadtest.fault.InputException;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A distribution of whole sizes: candidates of a request, values of a history. */
public sealed interface Sizes {

  /** The largest size that can be asked for. */
  int MAX = 1_000_000;

  /** Draws one size, at least 0. */
  int sample(RandomGenerator random);

  /** Always the same. */
  record Fixed(int size) implements Sizes {
    @Override
    public int sample(RandomGenerator random) {
      return size;
    }

    @Override
    public String toString() {
      return Integer.toString(size);
    }
  }

  /** Every size from {@code min} to {@code max} alike. */
  record Uniform(int min, int max) implements Sizes {
    @Override
    public int sample(RandomGenerator random) {
      return random.nextInt(min, max + 1);
    }

    @Override
    public String toString() {
      return "uniform:" + min + ".." + max;
    }
  }

  /**
   * Log-normal, cut off at {@code max} and, from below, at 1.
   *
   * @param sigma standard deviation of the logarithm
   */
  record LogNormal(double median, double sigma, int max) implements Sizes {
    @Override
    public int sample(RandomGenerator random) {
      double size = Math.rint(median * Math.exp(sigma * random.nextGaussian()));
      return (int) Math.max(1, Math.min(max, size));
    }

    @Override
    public String toString() {
      return "lognormal:" + median + "," + sigma + "," + max;
    }
  }

  /** Each entry of a list alike; an entry that stands there twice is twice as frequent. */
  record OneOf(List<Integer> sizes) implements Sizes {
    @Override
    public int sample(RandomGenerator random) {
      return sizes.get(random.nextInt(sizes.size()));
    }

    @Override
    public String toString() {
      return "list:" + String.join(",", sizes.stream().map(String::valueOf).toList());
    }
  }

  /**
   * Reads {@code 500}, {@code uniform:10..1000}, {@code lognormal:MEDIAN,SIGMA[,MAX]} (maximum
   * 10,000 unless given) or {@code list:10,100,500}.
   *
   * @param name what the sizes are of, for the message
   * @param min the smallest size allowed
   * @throws InputException naming it, what came and what was expected
   */
  static Sizes parse(String name, String text, int min) {
    try {
      if (text.matches("[0-9]+")) {
        return new Fixed(size(text, min));
      }
      Matcher uniform = Pattern.compile("uniform:([0-9]+)\\.\\.([0-9]+)").matcher(text);
      if (uniform.matches()) {
        Uniform sizes = new Uniform(size(uniform.group(1), min), size(uniform.group(2), min));
        if (sizes.min() <= sizes.max()) {
          return sizes;
        }
      }
      Matcher logNormal =
          Pattern.compile("lognormal:([0-9.]+),([0-9.]+)(?:,([0-9]+))?").matcher(text);
      if (logNormal.matches()) {
        double median = Double.parseDouble(logNormal.group(1));
        double sigma = Double.parseDouble(logNormal.group(2));
        int max = logNormal.group(3) == null ? 10_000 : size(logNormal.group(3), Math.max(1, min));
        if (median > 0 && median <= MAX) {
          return new LogNormal(median, sigma, max);
        }
      }
      if (text.startsWith("list:")) {
        return new OneOf(
            Arrays.stream(text.substring("list:".length()).split(",", -1))
                .map(part -> size(part.strip(), min))
                .toList());
      }
    } catch (NumberFormatException e) {
      throw wrong(name, text, min, e);
    }
    throw wrong(name, text, min, null);
  }

  private static int size(String text, int min) {
    int size = Integer.parseInt(text);
    if (size < min || size > MAX) {
      throw new NumberFormatException(text);
    }
    return size;
  }

  private static InputException wrong(String name, String text, int min, Throwable cause) {
    return new InputException(
        String.format(
            "%s: '%s' (expected: sizes from %d to %d as 500, uniform:10..1000, lognormal:300,0.8[,MAX] or list:10,100)",
            name, text, min, MAX),
        cause);
  }
}
