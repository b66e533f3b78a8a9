package dev.podium.server.repository.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.server.fault.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people put into a repository, and what is made of it. */
class ModelSourceTest {
  @TempDir private Path root;

  @Test
  void versionsAreFoundByTheirNumbersHoweverTheyAreWritten() throws Exception {
    file("clicks/1/model.onnx");
    file("clicks/00000002/model.onnx");
    file("clicks/1700000000000000000/model.onnx");

    FoundModel found = only();

    assertThat(found.versions().keySet()).containsExactly(1L, 2L, 1700000000000000000L);
    assertThat(found.versions().get(2L).folder()).isEqualTo(root.resolve("clicks/00000002"));
    assertThat(found.ignored()).isEmpty();
  }

  @Test
  void oneNumberTwiceIsServedFromThePlainFolderAndSaid() throws Exception {
    file("clicks/00000002/model.onnx");
    file("clicks/2/model.onnx");
    file("clicks/002/model.onnx");

    FoundModel found = only();

    assertThat(found.versions().get(2L).folder()).isEqualTo(root.resolve("clicks/2"));
    assertThat(found.ignored())
        .extracting(Ignored::toString)
        .containsExactly(
            "'002' is ignored: version 2 is served from '2' (expected: one folder a version)",
            "'00000002' is ignored: version 2 is served from '2' (expected: one folder a"
                + " version)");
  }

  @Test
  void aFlatModelIsVersionOne() throws Exception {
    file("clicks/model.onnx");
    file("clicks/model.yaml");

    FoundModel found = only();

    assertThat(found.versions().keySet()).containsExactly(1L);
    assertThat(found.versions().get(1L).graph()).isEqualTo(root.resolve("clicks/model.onnx"));
    assertThat(found.ignored()).isEmpty();
  }

  @Test
  void whatLooksLikeAVersionAndIsNoneIsNamed() throws Exception {
    file("clicks/1/model.onnx");
    file("clicks/model.onnx");
    file("clicks/v2/model.onnx");
    file("clicks/0/model.onnx");
    file("clicks/backup/model.onnx");
    file("clicks/vocabulary/genre.txt");
    file("clicks/.hidden/model.onnx");
    file("clicks/model.yaml");

    FoundModel found = only();

    assertThat(found.versions().keySet()).containsExactly(1L);
    assertThat(found.ignored())
        .extracting(Ignored::toString)
        .containsExactlyInAnyOrder(
            "'model.onnx' is ignored: it lies beside versions (expected: in one of them)",
            "'v2' is ignored: (expected: a version's number alone, such as 2 or 00000002)",
            "'0' is ignored: (expected: a version's number, from 1)",
            "'backup' is ignored: (expected: a version's number, such as 1)");
  }

  @Test
  void whatIsNoModelIsNamedAndStopsNothing() throws Exception {
    file("clicks/1/model.onnx");
    file("my model/1/model.onnx");
    file("__MACOSX/1/._model.onnx");
    file("docs/how-to.md");
    file("README.md");
    file(".git/config");
    Files.createDirectories(root.resolve("lost+found"));

    ModelSource.Snapshot found = new ModelSource(root).look();

    assertThat(found.models()).extracting(FoundModel::name).containsExactly("clicks");
    assertThat(found.ignored())
        .extracting(Ignored::toString)
        .containsExactlyInAnyOrder(
            "'my model' is ignored: (expected: letters, digits, '.', '_' and '-')",
            "'__MACOSX' is ignored: what a tool left behind (expected: a model's folder)",
            "'lost+found' is ignored: what a tool left behind (expected: a model's folder)",
            "'docs' is ignored: it holds no model (expected: model.yaml, model.onnx or a"
                + " version's folder)");
  }

  /** Whoever made these meant a model: it is missed, not ignored. */
  @Test
  void aModelWithoutAVersionIsAModel() throws Exception {
    Files.createDirectories(root.resolve("empty"));
    file("only-rules/model.yaml");
    file("only-v2/v2/model.onnx");
    file("other-name/export.onnx");

    ModelSource.Snapshot found = new ModelSource(root).look();

    assertThat(found.models())
        .extracting(FoundModel::name)
        .containsExactly("empty", "only-rules", "only-v2", "other-name");
    assertThat(found.models()).allMatch(model -> model.versions().isEmpty());
    assertThat(found.ignored()).isEmpty();
  }

  @Test
  void linksAreFollowed() throws Exception {
    file("store/abc/model.onnx");
    Files.createDirectories(root.resolve("repository/clicks"));
    Files.createSymbolicLink(root.resolve("repository/clicks/3"), root.resolve("store/abc"));

    FoundModel found = new ModelSource(root.resolve("repository")).look().models().get(0);

    assertThat(found.versions().keySet()).containsExactly(3L);
  }

  @Test
  void aFolderOfModelsThatIsNotThereIsAnError() {
    assertThatThrownBy(() -> new ModelSource(root.resolve("nowhere")).look())
        .isInstanceOf(ModelException.class)
        .hasMessageEndingWith("nowhere: not there (expected: a folder of model folders)");
  }

  private FoundModel only() throws ModelException {
    List<FoundModel> models = new ModelSource(root).look().models();
    assertThat(models).hasSize(1);
    return models.get(0);
  }

  private void file(String path) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, path);
  }
}
