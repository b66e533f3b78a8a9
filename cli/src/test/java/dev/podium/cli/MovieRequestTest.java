package dev.podium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.podium.cli.Catalogue.Film;
import dev.podium.cli.Catalogue.Viewer;
import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.Feature;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MovieRequestTest {
  private static final Film WAR = new Film(22, "Braveheart", new IntNode(1995), List.of("War"));
  private static final Film NONE = new Film(267, "unknown", NullNode.getInstance(), List.of());
  private static final Viewer VIEWER =
      new Viewer(
          "war",
          "War",
          Map.of("user_id", new IntNode(7), "gender", new TextNode("F")),
          Map.of("hour", new IntNode(20)),
          List.of(22L));

  @Test
  void onlyFeaturesOfTheSignatureAreSent() {
    RankRequest request =
        request(
            feature("user_id", DataType.DATA_TYPE_INT64),
            feature("film_id", DataType.DATA_TYPE_INT64));

    assertThat(request.getContextList())
        .extracting(FeatureColumn::getName)
        .containsExactly("user_id");
    assertThat(request.getCandidates().getColumnsList())
        .extracting(FeatureColumn::getName)
        .containsExactly("film_id");
    assertThat(request.getModel().getName()).isEqualTo("movies-test");
    assertThat(request.getTopK()).isEqualTo(2);
    assertThat(request.getCandidates().getIds().getInt64Ids().getValuesList())
        .containsExactly(22L, 267L);
  }

  @Test
  void valuesHaveTheTypeThatTheSignatureSays() {
    RankRequest request =
        request(
            feature("gender", DataType.DATA_TYPE_STRING),
            feature("hour", DataType.DATA_TYPE_FLOAT32),
            feature("history_film", DataType.DATA_TYPE_INT64),
            feature("history_genre", DataType.DATA_TYPE_STRING),
            feature("favourite_genres", DataType.DATA_TYPE_STRING),
            feature("year", DataType.DATA_TYPE_FLOAT32),
            feature("genre", DataType.DATA_TYPE_STRING),
            feature("genres", DataType.DATA_TYPE_STRING));

    assertThat(column(request.getContextList(), "gender").getStringValues().getValuesList())
        .containsExactly("F");
    assertThat(column(request.getContextList(), "hour").getFloatValues().getValuesList())
        .containsExactly(20f);
    assertThat(
            column(request.getContextList(), "history_film").getRaggedInt64Values().getValuesList())
        .containsExactly(22L);
    assertThat(
            column(request.getContextList(), "history_genre")
                .getRaggedStringValues()
                .getValuesList())
        .containsExactly("War");
    assertThat(
            column(request.getContextList(), "favourite_genres")
                .getRaggedStringValues()
                .getValuesList())
        .containsExactly("War");
    List<FeatureColumn> columns = request.getCandidates().getColumnsList();
    assertThat(column(columns, "year").getFloatValues().getValuesList())
        .containsExactly(1995f, 1995f);
    assertThat(column(columns, "genre").getStringValues().getValuesList())
        .containsExactly("War", "");
    assertThat(column(columns, "genres").getRaggedStringValues().getRowLengthsList())
        .containsExactly(1, 0);
  }

  private static RankRequest request(Feature... features) {
    Model model =
        Model.newBuilder()
            .setModel(ModelSpec.newBuilder().setName("movies-test"))
            .addAllFeatures(List.of(features))
            .build();
    return new MovieRequest(model, new FavouriteGenres(List.of(WAR, NONE)))
        .build(VIEWER, List.of(WAR), List.of(WAR, NONE), 2)
        .message();
  }

  private static Feature feature(String name, DataType type) {
    return Feature.newBuilder().setName(name).setWireType(type).build();
  }

  private static FeatureColumn column(List<FeatureColumn> columns, String name) {
    return columns.stream().filter(c -> c.getName().equals(name)).findFirst().orElseThrow();
  }
}
