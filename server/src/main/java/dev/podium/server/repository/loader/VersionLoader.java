package dev.podium.server.repository.loader;

import dev.podium.server.fault.ModelException;
import dev.podium.server.repository.source.FoundModel;
import dev.podium.server.repository.source.VersionFolder;

/** Makes versions that serve from the files that were found. Thread-safe. */
public interface VersionLoader {
  /**
   * Reads which of a model's versions are to be served.
   *
   * @throws ModelException if its {@code model.yaml} is wrong
   */
  ServingRules rules(FoundModel model) throws ModelException;

  /**
   * Loads, proves and times a version; takes seconds to minutes. The caller closes it. May throw
   * any error as well: it runs a compiler and native code over files that anybody may have written.
   *
   * @throws ModelException if it can't be served
   */
  LoadedVersion load(VersionFolder version) throws ModelException;
}
