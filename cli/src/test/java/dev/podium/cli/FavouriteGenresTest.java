package dev.podium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.NullNode;
import dev.podium.cli.Catalogue.Film;
import java.util.List;
import org.junit.jupiter.api.Test;

class FavouriteGenresTest {
  private final Film war = film(1, "War", "Drama");
  private final Film drama = film(2, "Drama");
  private final Film comedy = film(3, "Comedy", "Drama");
  private final Film western = film(4, "Western", "Action", "Comedy", "Drama");
  private final FavouriteGenres favourites =
      new FavouriteGenres(List.of(war, drama, comedy, western));

  @Test
  void genresThatAViewerLikesMoreThanTheCatalogueHasThemComeFirst() {
    // War: 2 of 2 against a share of 1/4. Drama: 2 of 2, as everywhere.
    assertThat(favourites.of(List.of(war, war))).containsExactly("War");
  }

  @Test
  void equalGenresAreInAlphabeticalOrder() {
    assertThat(favourites.of(List.of(western))).containsExactly("Action", "Western", "Comedy");
  }

  @Test
  void aViewerOfNoFilmsOrOfTheAverageHasNone() {
    assertThat(favourites.of(List.of())).isEmpty();
    assertThat(favourites.of(List.of(war, drama, comedy, western))).isEmpty();
  }

  private static Film film(long id, String... genres) {
    return new Film(id, "film " + id, NullNode.getInstance(), List.of(genres));
  }
}
