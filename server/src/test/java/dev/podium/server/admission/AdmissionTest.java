package dev.podium.server.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.server.admission.Admission.Permit;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class AdmissionTest {
  private long now;

  /** A limit of exactly 1,000 rows, which can't move, and 1,000 bytes. */
  private final Admission fixed =
      new Admission(new AdmissionOptions(Duration.ofMillis(20), 1000, 1000, 1000), () -> now);

  private static void refused(Admission admission, String model, int rows, Priority priority) {
    assertThatThrownBy(() -> admission.admit(model, rows, priority))
        .isInstanceOfSatisfying(
            RankException.class,
            e -> {
              assertThat(e.code()).isEqualTo(FaultCode.RESOURCE_EXHAUSTED);
              assertThat(e.retryAfterMillis()).isPositive();
            });
  }

  @ParameterizedTest
  @CsvSource({"CRITICAL, 1000", "NORMAL, 900", "SHEDDABLE, 500"})
  void eachPriorityMayUseItsPartOfTheLimit(Priority priority, int allowed) throws RankException {
    fixed.admit("m", 1, priority);
    Permit all = fixed.admit("m", allowed - 1, priority);
    refused(fixed, "m", 1, priority);
    all.release(Outcome.SUCCESS, 0);
    fixed.admit("m", allowed - 1, priority);
  }

  @Test
  void aRequestThatIsAloneMayBeOfAnySize() throws RankException {
    Permit large = fixed.admit("m", 100_000, Priority.SHEDDABLE);
    refused(fixed, "m", 1, Priority.CRITICAL);
    large.release(Outcome.SUCCESS, 0);
    fixed.admit("m", 1, Priority.SHEDDABLE);
  }

  @Test
  void aModelThatFillsTheLimitLeavesTheOthersTheirShare() throws RankException {
    fixed.admit("hot", 1000, Priority.CRITICAL);
    refused(fixed, "hot", 1, Priority.CRITICAL);
    fixed.admit("calm", 400, Priority.CRITICAL);
    fixed.admit("calm", 100, Priority.CRITICAL);
    refused(fixed, "calm", 1, Priority.CRITICAL);
    assertThat(fixed.snapshot().rows()).isEqualTo(1500);
    assertThat(fixed.snapshot().refusedForRows()).isEqualTo(2);
  }

  @Test
  void aPermitIsReleasedOnce() throws RankException {
    Permit permit = fixed.admit("m", 10, Priority.NORMAL);
    permit.release(Outcome.IGNORED, 0);
    assertThat(fixed.snapshot().rows()).isZero();
    assertThatThrownBy(() -> permit.release(Outcome.SUCCESS, 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("permit: released twice (expected: once)");
    assertThat(fixed.snapshot().rows()).isZero();
  }

  @Test
  void bytesInFlightAreBounded() {
    assertThat(fixed.tryReceive(600)).isTrue();
    assertThat(fixed.tryReceive(400)).isTrue();
    assertThat(fixed.tryReceive(1)).isFalse();
    assertThat(fixed.tooManyBytes()).hasMessage("requests in flight: more than 1000 bytes");
    fixed.release(400);
    assertThat(fixed.tryReceive(401)).isFalse();
    assertThat(fixed.tryReceive(400)).isTrue();
    fixed.release(400);
    fixed.release(600);
    assertThat(fixed.snapshot().bytes()).isZero();
    assertThat(fixed.snapshot().refusedForBytes()).isEqualTo(2);
  }

  @Test
  void aMessageThatIsAloneMayBeOfAnySize() {
    assertThat(fixed.tryReceive(5000)).isTrue();
    assertThat(fixed.tryReceive(1)).isFalse();
  }

  @Test
  void longWaitsLowerTheLimitAndShortOnesRaiseIt() throws RankException {
    Admission admission =
        new Admission(new AdmissionOptions(Duration.ofMillis(20), 100, 100_000, 1000), () -> now);
    assertThat(admission.snapshot().limitRows()).isEqualTo(50_000);
    fullWindows(admission, 20, 40_000_000);
    long lowered = admission.snapshot().limitRows();
    assertThat(lowered).isLessThan(500);
    fullWindows(admission, 20, 1_000_000);
    assertThat(admission.snapshot().limitRows()).isGreaterThan(2 * lowered);
  }

  @ParameterizedTest
  @EnumSource(
      value = FaultCode.class,
      names = {"INVALID_ARGUMENT", "NOT_FOUND", "CANCELLED", "RESOURCE_EXHAUSTED"})
  void fastErrorsDoNotMoveTheLimit(FaultCode code) throws RankException {
    Admission admission =
        new Admission(new AdmissionOptions(Duration.ofMillis(20), 100, 100_000, 1000), () -> now);
    for (int i = 0; i < 1000; i++) {
      now += 1_000_000;
      admission.admit("m", 45_000, Priority.CRITICAL).release(Outcome.of(code), 0);
    }
    assertThat(admission.snapshot().limitRows()).isEqualTo(50_000);
  }

  @Test
  void workThatWasAcceptedAndLostLowersTheLimit() throws RankException {
    Admission admission =
        new Admission(new AdmissionOptions(Duration.ofMillis(20), 100, 100_000, 1000), () -> now);
    for (int i = 0; i < 100; i++) {
      now += 10_000_000;
      admission
          .admit("m", 100, Priority.NORMAL)
          .release(Outcome.of(FaultCode.DEADLINE_EXCEEDED), 0);
    }
    assertThat(admission.snapshot().limitRows()).isLessThan(50_000);
  }

  private void fullWindows(Admission admission, int windows, long waitNanos) throws RankException {
    for (int w = 0; w < windows; w++) {
      List<Permit> permits = new ArrayList<>();
      int rows = (int) Math.max(1, admission.snapshot().limitRows() / 25);
      for (int i = 0; i < 24; i++) {
        permits.add(admission.admit("m", rows, Priority.CRITICAL));
      }
      now += 60_000_000;
      for (Permit permit : permits) {
        permit.release(Outcome.SUCCESS, waitNanos);
      }
    }
  }
}
