package dev.podium.cli;

import dev.podium.cli.Catalogue.Film;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The movie models' feature {@code favourite_genres}: up to three genres that a viewer's films have
 * more often than the catalogue does, the most striking first. With n films, and a share p of the
 * catalogue's films that have the genre, a genre's score is its standard score {@code (count - n p)
 * / sqrt(n p)}; equal scores are in alphabetical order.
 */
final class FavouriteGenres {
  private static final int MOST = 3;

  private final Map<String, Double> shares = new TreeMap<>();

  FavouriteGenres(Collection<Film> catalogue) {
    count(catalogue)
        .forEach((genre, count) -> shares.put(genre, (double) count / catalogue.size()));
  }

  List<String> of(Collection<Film> films) {
    if (films.isEmpty()) {
      return List.of();
    }
    Map<String, Long> counts = count(films);
    Map<String, Double> scores = new TreeMap<>();
    shares.forEach(
        (genre, share) -> {
          double expected = films.size() * share;
          scores.put(genre, (counts.getOrDefault(genre, 0L) - expected) / Math.sqrt(expected));
        });
    return scores.entrySet().stream()
        .filter(genre -> genre.getValue() > 0)
        .sorted(Comparator.comparing(genre -> -genre.getValue())) // stable
        .limit(MOST)
        .map(Map.Entry::getKey)
        .toList();
  }

  private static Map<String, Long> count(Collection<Film> films) {
    return films.stream()
        .flatMap(film -> Set.copyOf(film.genres()).stream())
        .collect(Collectors.groupingBy(genre -> genre, Collectors.counting()));
  }
}
