package dev.podium.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class SlicesTest {
  @Property
  void slicesCoverAllRowsOnceAndAreEqualToOneRow(
      @ForAll @IntRange(min = 1, max = 20_000) int rows,
      @ForAll @IntRange(min = 1, max = 2_000) int tileRows) {
    int count = Slices.count(rows, tileRows);
    int largest = Slices.largest(rows, count);
    assertThat(largest).isBetween(1, tileRows);
    assertThat(Slices.start(rows, count, 0)).isZero();
    assertThat(Slices.start(rows, count, count)).isEqualTo(rows);
    for (int i = 0; i < count; i++) {
      int size = Slices.start(rows, count, i + 1) - Slices.start(rows, count, i);
      assertThat(size).isBetween(largest - 1, largest).isPositive();
    }
    assertThat((long) (count - 1) * tileRows).isLessThan(rows);
  }
}
