package dev.podium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.podium.cli.Catalogue.Film;
import dev.podium.cli.Catalogue.Viewer;
import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.Feature;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.Kind;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import java.util.List;
import org.junit.jupiter.api.Test;

class MovieRequestTest {
  private static final Feature USER = feature("user_id", DataType.DATA_TYPE_INT64);
  private static final Feature HOUR = feature("hour", DataType.DATA_TYPE_FLOAT32);
  private static final Feature HISTORY = sequence("history", DataType.DATA_TYPE_INT64);
  private static final Feature YEAR = feature("year", DataType.DATA_TYPE_FLOAT32);
  private static final Feature GENRES = sequence("genres", DataType.DATA_TYPE_STRING);

  @Test
  void onlyFeaturesOfTheSignatureAreSent() throws Exception {
    RankRequest request = request(USER, YEAR, feature("unknown", DataType.DATA_TYPE_INT64));

    assertThat(request.getModel().getName()).isEqualTo("movies-test");
    assertThat(request.getTopK()).isEqualTo(2);
    assertThat(names(request.getContextList())).containsExactly("user_id");
    assertThat(names(request.getCandidates().getColumnsList())).containsExactly("year");
    assertThat(request.getCandidates().getIds().getInt64Ids().getValuesList())
        .containsExactly(22L, 23L);
  }

  @Test
  void valuesHaveTheTypesThatTheSignatureSays() throws Exception {
    RankRequest request = request(USER, HOUR, HISTORY, YEAR, GENRES);

    List<FeatureColumn> context = request.getContextList();
    assertThat(context.get(0).getInt64Values().getValuesList()).containsExactly(7L);
    assertThat(context.get(1).getFloatValues().getValuesList()).containsExactly(20f);
    assertThat(context.get(2).getRaggedInt64Values().getValuesList()).containsExactly(22L, 23L);
    List<FeatureColumn> columns = request.getCandidates().getColumnsList();
    assertThat(columns.get(0).getFloatValues().getValuesList()).containsExactly(1995f, 1997f);
    assertThat(columns.get(1).getRaggedStringValues().getValuesList())
        .containsExactly("War", "Drama", "Comedy");
    assertThat(columns.get(1).getRaggedStringValues().getRowLengthsList()).containsExactly(2, 1);
  }

  private static RankRequest request(Feature... features) throws Exception {
    ObjectMapper json = new ObjectMapper();
    Viewer viewer =
        new Viewer(
            "war",
            "War",
            List.of(),
            json.readTree("{\"user_id\": 7, \"hour\": 20, \"history\": [22, 23]}"));
    List<Film> films =
        List.of(
            film(22, "{\"year\": 1995, \"genres\": [\"War\", \"Drama\"]}"),
            film(23, "{\"year\": 1997, \"genres\": [\"Comedy\"]}"));
    Model model =
        Model.newBuilder()
            .setModel(ModelSpec.newBuilder().setName("movies-test"))
            .addAllFeatures(List.of(features))
            .build();
    return new MovieRequest(model).build(viewer, films, 2).message();
  }

  private static Film film(long id, String features) throws Exception {
    return new Film(id, "film " + id, 0, List.of(), new ObjectMapper().readTree(features));
  }

  private static Feature feature(String name, DataType type) {
    return Feature.newBuilder().setName(name).setWireType(type).build();
  }

  private static Feature sequence(String name, DataType type) {
    return feature(name, type).toBuilder().setKind(Kind.KIND_SEQUENCE).build();
  }

  private static List<String> names(List<FeatureColumn> columns) {
    return columns.stream().map(FeatureColumn::getName).toList();
  }
}
