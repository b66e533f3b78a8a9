package dev.podium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The start script, with a java and an mvn that only say how they were called. */
@Timeout(60)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the script is for bash")
class ScriptTest {
  private static final String JAVA = "#!/bin/sh\nfor word in \"$@\"; do echo \"$word\"; done\n";
  private static final String MVN =
      "#!/bin/sh\necho \"$@\" >> mvn.log\nmkdir -p cli/target/lib\ntouch cli/target/lib/podium-cli.jar\n";

  @TempDir Path temp;
  private Path root;
  private Path javaHome;

  private record Run(int status, String out, String err) {}

  @BeforeEach
  void makeClone() throws Exception {
    root = Files.createDirectories(temp.toRealPath().resolve("a clone"));
    Files.copy(Path.of("../podium"), root.resolve("podium"));
    Files.createDirectories(root.resolve(".mvn"));
    write(root.resolve("pom.xml"), "");
    write(root.resolve("cli/pom.xml"), "");
    write(root.resolve("cli/src/main/java/Main.java"), "");
    javaHome = temp.toRealPath().resolve("jdk");
    writeProgram(javaHome.resolve("bin/java"), JAVA);
    write(javaHome.resolve("release"), "JAVA_VERSION=\"17.0.15\"\n");
    writeProgram(temp.resolve("bin/mvn"), MVN);
    age(root);
  }

  @Test
  void theFirstRunBuildsAndTheSecondDoesNot() throws Exception {
    Run first = run(root.resolve("podium"), "rank", "--top-k", "3", "two words");

    assertThat(first.err()).contains("podium: building");
    assertThat(first.status()).isZero();
    assertThat(first.out().lines())
        .contains("-Dpodium.home=" + root)
        .endsWith(
            "-cp",
            root.resolve("cli/target/lib/podium-cli.jar").toString(),
            "dev.podium.cli.Main",
            "rank",
            "--top-k",
            "3",
            "two words");
    assertThat(run(root.resolve("podium"), "rank").err()).isEmpty();
    assertThat(builds()).hasSize(1);
  }

  @Test
  void anEditAnAdditionAndARemovalAreBuiltEach() throws Exception {
    Path sources = root.resolve("cli/src/main/java");
    Run unchanged = runAfterBuild(() -> {});
    Run edited = runAfterBuild(() -> touch(sources.resolve("Main.java")));
    Run added = runAfterBuild(() -> write(sources.resolve("Other.java"), ""));
    Run removed = runAfterBuild(() -> Files.delete(sources.resolve("Other.java")));

    assertThat(unchanged.err()).isEmpty();
    assertThat(Stream.of(edited, added, removed).map(Run::err))
        .allMatch(err -> err.contains("podium: building"));
  }

  @Test
  void aBuildThatFailsIsStatusOne() throws Exception {
    writeProgram(temp.resolve("bin/mvn"), "#!/bin/sh\nexit 1\n");

    assertThat(run(root.resolve("podium"), "demo"))
        .isEqualTo(new Run(1, "", "podium: building ...\npodium: the build failed\n"));
  }

  @Test
  void nothingIsBuiltWhenToldSo() throws Exception {
    Run without = run(List.of("PODIUM_NO_BUILD=1"), root.resolve("podium"), "demo");

    assertThat(without.status()).isEqualTo(2);
    assertThat(without.err()).contains("podium-cli.jar: no such file").hasLineCount(1);
    assertThat(root.resolve("mvn.log")).doesNotExist();
  }

  @Test
  void aPackagedDistributionRunsItsOwnLibAlsoThroughALink() throws Exception {
    Path distribution = temp.toRealPath().resolve("podium-1.0");
    Files.createDirectories(distribution.resolve("bin"));
    Files.copy(Path.of("../podium"), distribution.resolve("bin/podium"));
    write(distribution.resolve("lib/podium-cli.jar"), "");
    Path link = Files.createSymbolicLink(temp.resolve("link"), distribution.resolve("bin/podium"));

    Run run = run(link, "serve");

    assertThat(run.err()).isEmpty();
    assertThat(run.out().lines())
        .contains("-Dpodium.home=" + distribution)
        .contains(distribution.resolve("lib/podium-cli.jar").toString());
  }

  @Test
  void anOldOrMissingJavaIsOneLine() throws Exception {
    write(javaHome.resolve("release"), "JAVA_VERSION=\"11.0.2\"\n");
    assertThat(run(root.resolve("podium"), "demo"))
        .isEqualTo(
            new Run(
                2,
                "",
                "podium: "
                    + javaHome.resolve("bin/java")
                    + ": version 11 (expected: 17 or newer)\n"));

    Files.delete(javaHome.resolve("bin/java"));
    assertThat(run(root.resolve("podium"), "demo"))
        .isEqualTo(new Run(2, "", "podium: JAVA_HOME=" + javaHome + ": no bin/java there\n"));
  }

  @Test
  void aJavaWithoutAReleaseFileIsAsked() throws Exception {
    Files.delete(javaHome.resolve("release"));
    writeProgram(
        javaHome.resolve("bin/java"),
        "#!/bin/sh\n[ \"$1\" = -version ] && echo 'openjdk version \"1.8.0_402\"' >&2\n");

    assertThat(run(root.resolve("podium"), "demo").err()).contains(": version 1 (expected: 17");
  }

  @Test
  void optionsOfTheCallerReachTheJvm() throws Exception {
    Run run = run(List.of("PODIUM_JAVA_OPTS=-Xmx4g -Da=b"), root.resolve("podium"), "serve");

    assertThat(run.out().lines()).contains("-Xmx4g", "-Da=b");
  }

  private interface Change {
    void make() throws Exception;
  }

  /** Runs twice, with a change of the sources between. */
  private Run runAfterBuild(Change change) throws Exception {
    run(root.resolve("podium"), "rank");
    age(root);
    change.make();
    return run(root.resolve("podium"), "rank");
  }

  private List<String> builds() throws IOException {
    return Files.readAllLines(root.resolve("mvn.log"));
  }

  private Run run(Path script, String... args) throws Exception {
    return run(List.of(), script, args);
  }

  private Run run(List<String> environment, Path script, String... args) throws Exception {
    Path out = temp.resolve("out");
    Path err = temp.resolve("err");
    ProcessBuilder bash = new ProcessBuilder("bash", script.toString());
    bash.command().addAll(List.of(args));
    bash.environment().keySet().removeIf(name -> name.startsWith("PODIUM_"));
    bash.environment().put("JAVA_HOME", javaHome.toString());
    bash.environment().merge("PATH", temp.resolve("bin").toString(), (old, bin) -> bin + ":" + old);
    for (String variable : environment) {
      String[] parts = variable.split("=", 2);
      bash.environment().put(parts[0], parts[1]);
    }
    Process process = bash.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text, StandardCharsets.UTF_8);
  }

  private static void writeProgram(Path file, String text) throws IOException {
    write(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static void touch(Path file) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
  }

  /** Moves everything that is there an hour into the past, so that what comes next is newer. */
  private static void age(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.toList()) {
        FileTime time = Files.getLastModifiedTime(file);
        Files.setLastModifiedTime(file, FileTime.from(time.toInstant().minusSeconds(3600)));
      }
    }
  }
}
