package dev.podium.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.podium.cli.Catalogue.Film;
import dev.podium.cli.Catalogue.Viewer;
import dev.podium.client.CandidateRow;
import dev.podium.client.RankingRequest;
import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.Feature;
import dev.podium.ranking.v1.Kind;
import dev.podium.ranking.v1.Model;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes ranking requests for one movie model. A request has the features of the catalogue that the
 * model's signature has, in the signature's types.
 */
final class MovieRequest {
  private final String model;
  private final List<Feature> signature;

  MovieRequest(Model model) {
    this.model = model.getModel().getName();
    this.signature = model.getFeaturesList();
  }

  /** The request for the best {@code topK} of some films; 0 for all, in their order. */
  RankingRequest build(Viewer viewer, List<Film> films, int topK) {
    RankingRequest.Builder request = RankingRequest.builder(model).topK(topK);
    List<Feature> ofFilms = new ArrayList<>();
    for (Feature feature : signature) {
      JsonNode value = viewer.features().get(feature.getName());
      if (value != null) {
        addContext(request, feature, value);
      } else if (!films.isEmpty() && films.get(0).features().has(feature.getName())) {
        ofFilms.add(feature);
      }
    }
    for (Film film : films) {
      CandidateRow row = request.addCandidate(film.id());
      for (Feature feature : ofFilms) {
        set(row, feature, film.features().path(feature.getName()));
      }
    }
    return request.build();
  }

  private static void addContext(RankingRequest.Builder request, Feature feature, JsonNode value) {
    String name = feature.getName();
    boolean sequence = feature.getKind() == Kind.KIND_SEQUENCE;
    if (feature.getWireType() == DataType.DATA_TYPE_STRING) {
      if (sequence) {
        request.contextSequence(name, texts(value));
      } else {
        request.context(name, value.asText());
      }
    } else if (feature.getWireType() == DataType.DATA_TYPE_INT64) {
      if (sequence) {
        request.contextSequence(name, numbers(value));
      } else {
        request.context(name, value.asLong());
      }
    } else {
      request.context(name, value.asDouble());
    }
  }

  private static void set(CandidateRow row, Feature feature, JsonNode value) {
    String name = feature.getName();
    boolean sequence = feature.getKind() == Kind.KIND_SEQUENCE;
    if (feature.getWireType() == DataType.DATA_TYPE_STRING) {
      if (sequence) {
        row.setSequence(name, texts(value));
      } else {
        row.set(name, value.asText());
      }
    } else if (feature.getWireType() == DataType.DATA_TYPE_INT64) {
      if (sequence) {
        row.setSequence(name, numbers(value));
      } else {
        row.set(name, value.asLong());
      }
    } else {
      row.set(name, value.asDouble());
    }
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>(array.size());
    array.forEach(element -> texts.add(element.asText()));
    return texts;
  }

  private static long[] numbers(JsonNode array) {
    long[] numbers = new long[array.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = array.get(i).asLong();
    }
    return numbers;
  }
}
