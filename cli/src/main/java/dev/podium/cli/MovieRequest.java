package dev.podium.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.podium.cli.Catalogue.Film;
import dev.podium.cli.Catalogue.Viewer;
import dev.podium.client.CandidateRow;
import dev.podium.client.RankingRequest;
import dev.podium.ranking.v1.Feature;
import dev.podium.ranking.v1.Model;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A ranking request for a viewer and films, with those features alone that a model's signature has.
 */
final class MovieRequest {
  private final Model model;
  private final Map<String, Feature> signature;

  MovieRequest(Model model) {
    this.model = model;
    this.signature =
        model.getFeaturesList().stream().collect(Collectors.toMap(Feature::getName, f -> f));
  }

  /**
   * The request for the best {@code topK} of some films.
   *
   * @param liked the films that the viewer liked, oldest first
   */
  RankingRequest build(Viewer viewer, List<Film> liked, List<Film> films, int topK) {
    RankingRequest.Builder request = RankingRequest.builder(model.getModel().getName()).topK(topK);
    viewer.profile().forEach((name, value) -> addContext(request, name, value));
    if (has("history_film")) {
      request.contextSequence("history_film", liked.stream().mapToLong(Film::id).toArray());
    }
    if (has("history_genre")) {
      request.contextSequence("history_genre", liked.stream().map(Film::genre).toList());
    }
    for (Film film : films) {
      CandidateRow row = request.addCandidate(film.id());
      if (has("film_id")) {
        row.set("film_id", film.id());
      }
      if (has("year")) {
        row.set("year", film.year() == null ? UNKNOWN_YEAR : film.year().doubleValue());
      }
      if (has("genre")) {
        row.set("genre", film.genre());
      }
      if (has("genres")) {
        row.setSequence("genres", film.genres());
      }
    }
    return request.build();
  }

  private static final double UNKNOWN_YEAR = 1995;

  private void addContext(RankingRequest.Builder request, String name, JsonNode value) {
    Feature feature = signature.get(name);
    if (feature == null) {
      return;
    }
    switch (feature.getWireType()) {
      case DATA_TYPE_INT64 -> request.context(name, value.asLong());
      case DATA_TYPE_STRING -> request.context(name, value.asText());
      default -> request.context(name, value.asDouble());
    }
  }

  private boolean has(String feature) {
    return signature.containsKey(feature);
  }
}
