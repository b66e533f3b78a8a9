package dev.podium.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.stream.Stream;

/** The arrows between the rooms, as ARCHITECTURE.md draws them. */
@AnalyzeClasses(packages = "dev.podium.server", importOptions = DoNotIncludeTests.class)
class RoomsTest {
  @ArchTest static final ArchRule FAULT = mayUse("fault");
  @ArchTest static final ArchRule YAML = mayUse("yaml");
  @ArchTest static final ArchRule FEATURE = mayUse("feature", "fault");
  @ArchTest static final ArchRule ENGINE = mayUse("engine", "feature", "fault");
  @ArchTest static final ArchRule SCHEDULE = mayUse("schedule", "engine", "feature", "fault");

  @ArchTest
  static final ArchRule REPOSITORY =
      mayUse("repository", "schedule", "engine", "feature", "fault", "yaml");

  @ArchTest
  static final ArchRule RPC =
      mayUse(
          "rpc", "access", "admission", "telemetry", "repository", "schedule", "feature", "fault");

  @ArchTest static final ArchRule ACCESS = mayUse("access", "fault");

  @ArchTest
  static final ArchRule TELEMETRY =
      mayUse("telemetry", "admission", "repository", "schedule", "feature", "fault");

  @ArchTest
  static final ArchRule ADMIN = mayUse("admin", "telemetry", "admission", "repository", "schedule");

  @ArchTest static final ArchRule TRANSPORT = mayUse("transport");

  @ArchTest
  static final ArchRule NO_CIRCLES =
      slices().matching("dev.podium.server.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule ONLY_THE_ENGINE_KNOWS_THE_RUNTIME =
      noClasses()
          .that()
          .resideOutsideOfPackage("..server.engine..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.onnxruntime..");

  /** The repository reads warm-up requests, which are ranking requests in JSON. */
  @ArchTest
  static final ArchRule ONLY_THREE_ROOMS_KNOW_THE_WIRE =
      noClasses()
          .that()
          .resideOutsideOfPackages("..server.rpc..", "..server.feature..", "..server.repository..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.podium.ranking..");

  @ArchTest
  static final ArchRule ONLY_TRANSPORT_KNOWS_NETTY =
      noClasses()
          .that()
          .resideOutsideOfPackage("..server.transport..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.netty..");

  /** Of the server's rooms, a room may use itself and those named. */
  private static ArchRule mayUse(String room, String... others) {
    String[] allowed =
        Stream.concat(Stream.of(room), Stream.of(others))
            .map(name -> "dev.podium.server." + name + "..")
            .toArray(String[]::new);
    List<String> outside = List.of("java..", "javax..", "com..", "io..", "ai..", "org..");
    String[] all =
        Stream.concat(
                Stream.of(allowed),
                Stream.concat(
                    outside.stream(),
                    Stream.of(
                        "dev.podium.ranking..",
                        "dev.podium.graph..",
                        "dev.podium.inference..",
                        "dev.podium.orca..")))
            .toArray(String[]::new);
    return classes()
        .that()
        .resideInAPackage("dev.podium.server." + room + "..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(Stream.concat(Stream.of(all), Stream.of("")).toArray(String[]::new))
        .allowEmptyShould(true);
  }
}
