package dev.podium.client.example;

import dev.podium.client.Ranking;
import dev.podium.client.RankingClient;
import dev.podium.client.RankingException;
import dev.podium.client.RankingRequest;
import java.time.Duration;
import java.util.List;

final class RankFilms {
  record Film(long id, String title, int year, List<String> genres) {}

  private static final List<Film> FILMS =
      List.of(
          new Film(50, "Star Wars", 1977, List.of("Action", "Sci-Fi")),
          new Film(127, "The Godfather", 1972, List.of("Crime", "Drama")),
          new Film(173, "The Princess Bride", 1987, List.of("Comedy", "Romance")));

  public static void main(String[] args) {
    try (RankingClient client =
        RankingClient.builder(args[0]).defaultDeadline(Duration.ofMillis(500)).build()) {
      System.out.print(bestTwo(client));
    }
  }

  static String bestTwo(RankingClient client) {
    RankingRequest.Builder request =
        RankingRequest.builder("movies-din")
            .context("user_id", 7) // what all candidates share goes out once
            .contextSequence("history_item", 174, 181, 210)
            .topK(2);
    for (Film film : FILMS) {
      request
          .addCandidate(film.id()) // what differs, candidate by candidate
          .set("item_id", film.id())
          .set("year", film.year())
          .setSequence("genres", film.genres());
    }
    try {
      Ranking best = client.rank(request.build());
      StringBuilder lines = new StringBuilder();
      for (int i = 0; i < best.size(); i++) {
        Film film = FILMS.get(best.candidateIndex(i));
        lines.append("%.3f  %s%n".formatted(best.score(i), film.title()));
      }
      return lines.toString();
    } catch (RankingException e) {
      return switch (e.code()) {
        case RESOURCE_EXHAUSTED, UNAVAILABLE, DEADLINE_EXCEEDED -> "unranked: " + e.description();
        default -> throw e; // a mistake in the request: the description names the feature
      };
    }
  }
}
