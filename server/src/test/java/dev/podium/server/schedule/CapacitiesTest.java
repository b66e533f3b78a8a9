package dev.podium.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CapacitiesTest {
  @ParameterizedTest
  @CsvSource({
    // capacity, rows, bytes of a row, grown
    "64, 65, 4, 128",
    "64, 1000, 4, 1000",
    "1000, 1001, 1073741, 2000",
    "1000, 1001, 1073742, 1999", // twice as many would be above 2 GiB
    "1000, 1900, 1400000, 1900",
    "1500000000, 1500000001, 1, 2147483647",
    "1500000000, 1500000001, 4, 1500000001", // more than one buffer holds: refused when it is made
  })
  void grown(int capacity, int rows, long rowBytes, int expected) {
    assertThat(Capacities.grown(capacity, rows, rowBytes)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 4, 2",
    "2, 4, 2",
    "3, 4, 4",
    "65, 4, 128",
    "1200, 1400000, 1533",
    "2147483647, 4, 2147483647",
  })
  void rounded(int rows, long rowBytes, int expected) {
    assertThat(Capacities.rounded(rows, rowBytes)).isEqualTo(expected);
  }

  @Property
  void thereIsAlwaysRoomForTheRows(
      @ForAll @IntRange(min = 1) int capacity,
      @ForAll @IntRange(min = 1) int rows,
      @ForAll @IntRange(min = 1) int rowBytes) {
    assertThat(Capacities.grown(capacity, rows, rowBytes)).isGreaterThanOrEqualTo(rows);
    assertThat(Capacities.rounded(rows, rowBytes)).isGreaterThanOrEqualTo(rows);
  }
}
