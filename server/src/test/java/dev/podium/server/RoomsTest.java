package dev.podium.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The arrows between the rooms, as ARCHITECTURE.md draws them. */
class RoomsTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new DoNotIncludeTests())
          .importPackages("dev.podium.server");

  @Test
  void roomsUseOnlyTheRoomsBelowThem() {
    mayUse("fault");
    mayUse("access", "settings", "fault");
    mayUse("yaml");
    mayUse("settings", "yaml");
    mayUse("log", "settings");
    mayUse("requestlog", "settings", "log");
    mayUse("feature", "fault");
    mayUse("feature.wire", "fault");
    mayUse("feature.signature", "fault");
    mayUse("feature.assembly", "feature.wire", "feature.signature", "fault");
    mayUse("engine", "settings", "feature", "fault");
    mayUse("=engine", "settings", "feature", "fault");
    mayUse("engine.device");
    mayUse("engine.bag", "feature", "fault");
    mayUse("engine.tune", "=engine", "engine.device", "engine.bag", "feature", "fault");
    mayUse(
        "engine.ort", "=engine", "engine.device", "engine.bag", "engine.tune", "feature", "fault");
    mayUse("schedule", "settings", "engine", "feature", "fault");
    mayUse("admission", "settings", "fault");
    mayUse("repository", "settings", "schedule", "engine", "feature", "fault", "yaml");
    mayUse("repository.source", "fault");
    mayUse(
        "repository.loader",
        "repository.source",
        "settings",
        "schedule",
        "engine",
        "feature",
        "fault",
        "yaml");
    mayUse("repository.manager", "repository.loader", "repository.source", "fault");
    mayUse("repository.route", "repository.manager", "repository.loader", "fault");
    mayUse("telemetry", "admission", "repository", "schedule", "engine", "feature", "fault");
    mayUse(
        "rpc",
        "settings",
        "access",
        "log",
        "requestlog",
        "telemetry",
        "admission",
        "repository",
        "schedule",
        "engine",
        "feature",
        "fault");
    mayUse(
        "admin",
        "settings",
        "transport",
        "log",
        "telemetry",
        "admission",
        "repository",
        "schedule",
        "engine",
        "feature",
        "fault");
    mayUse("transport", "settings", "telemetry", "log", "fault");
  }

  @Test
  void noRoomsUseEachOtherInACircle() {
    slices().matching("dev.podium.server.(*)..").should().beFreeOfCycles().check(CLASSES);
    slices().matching("dev.podium.server.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void onlyOneRoomKnowsTheRuntime() {
    onlyIn("ai.onnxruntime..", "engine.ort");
  }

  /** Whoever wires makes an engine; the others see no more of it than the interface. */
  @Test
  void theEnginesRoomsAreBehindItsInterface() {
    for (String room : List.of("ort", "tune", "bag", "device")) {
      onlyIn("dev.podium.server.engine." + room + "..", "engine", "=");
    }
  }

  /** The repository reads warm-up requests, which are ranking requests in JSON. */
  @Test
  void onlyThreeRoomsKnowTheWire() {
    onlyIn("dev.podium.ranking..", "rpc", "feature", "repository");
  }

  @Test
  void onlyTheRequestLogKnowsOpenTelemetry() {
    onlyIn("io.opentelemetry..", "requestlog");
  }

  @Test
  void onlyTransportKnowsNetty() {
    onlyIn("io.netty..", "transport");
  }

  @Test
  void onlyTheSchedulerCallsTheOperatingSystem() {
    onlyIn("com.sun.jna..", "schedule");
  }

  @Test
  void aBrokenRuleIsNoticed() {
    assertThatThrownBy(() -> onlyIn("dev.podium.ranking..", "rpc"))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> mayUse("engine.ort", "engine.tune", "feature", "fault"))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> mayUse("engine.tune", "=engine", "feature", "fault"))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> onlyIn("ai.onnxruntime..", "engine.tune"))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> mayUse("rpc", "fault")).isInstanceOf(AssertionError.class);
  }

  /**
   * Of the server's rooms, a room may use itself and those named, with the rooms inside them; or
   * without, after an equals sign.
   */
  private static void mayUse(String room, String... others) {
    List<String> allowed = new ArrayList<>(List.of(others));
    allowed.add(room);
    DescribedPredicate<JavaClass> forbidden =
        new DescribedPredicate<>("of another room than %s", allowed) {
          @Override
          public boolean test(JavaClass target) {
            String name = target.getPackageName();
            return name.startsWith("dev.podium.server")
                && allowed.stream().noneMatch(a -> isIn(name, a));
          }
        };
    noClasses()
        .that()
        .resideInAPackage(packages(room))
        .should()
        .dependOnClassesThat(forbidden)
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  private static boolean isIn(String name, String room) {
    return room.startsWith("=")
        ? name.equals(packages(room))
        : name.startsWith("dev.podium.server." + room);
  }

  private static String packages(String room) {
    if (room.equals("=")) {
      return "dev.podium.server";
    }
    return "dev.podium.server." + (room.startsWith("=") ? room.substring(1) : room + "..");
  }

  private static void onlyIn(String library, String... rooms) {
    String[] packages = Stream.of(rooms).map(RoomsTest::packages).toArray(String[]::new);
    noClasses()
        .that()
        .resideOutsideOfPackages(packages)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(library)
        .check(CLASSES);
  }
}
