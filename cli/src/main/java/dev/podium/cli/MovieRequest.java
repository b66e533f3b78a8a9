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
import java.util.function.Function;
import java.util.stream.Collectors;

/** Makes ranking requests for one movie model, with those features alone that its signature has. */
final class MovieRequest {
  /** What stands for an unknown year, as in the training. */
  private static final int UNKNOWN_YEAR = 1995;

  private final String model;
  private final Map<String, Feature> signature;
  private final FavouriteGenres favourites;

  MovieRequest(Model model, FavouriteGenres favourites) {
    this.model = model.getModel().getName();
    this.signature =
        model.getFeaturesList().stream()
            .collect(Collectors.toMap(Feature::getName, Function.identity()));
    this.favourites = favourites;
  }

  /**
   * The request for the best {@code topK} of some films.
   *
   * @param liked the films that the viewer liked, oldest first
   */
  RankingRequest build(Viewer viewer, List<Film> liked, List<Film> films, int topK) {
    RankingRequest.Builder request = RankingRequest.builder(model).topK(topK);
    viewer.profile().forEach((name, value) -> addContext(request, name, value));
    viewer.context().forEach((name, value) -> addContext(request, name, value));
    if (takes("favourite_genres")) {
      request.contextSequence("favourite_genres", favourites.of(liked));
    }
    if (takes("history_film")) {
      request.contextSequence("history_film", liked.stream().mapToLong(Film::id).toArray());
    }
    if (takes("history_genre")) {
      request.contextSequence("history_genre", liked.stream().map(Film::genre).toList());
    }
    for (Film film : films) {
      addCandidate(request, film);
    }
    return request.build();
  }

  private void addCandidate(RankingRequest.Builder request, Film film) {
    CandidateRow row = request.addCandidate(film.id());
    if (takes("film_id")) {
      row.set("film_id", film.id());
    }
    if (takes("year")) {
      row.set("year", (double) (film.hasYear() ? film.year().asInt() : UNKNOWN_YEAR));
    }
    if (takes("genre")) {
      row.set("genre", film.genre());
    }
    if (takes("genres")) {
      row.setSequence("genres", film.genres());
    }
  }

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

  private boolean takes(String feature) {
    return signature.containsKey(feature);
  }
}
