package dev.podium.server.repository.route;

import dev.podium.server.repository.manager.Lease;

/**
 * Where one request goes.
 *
 * @param primary the version that answers; its lease belongs to the caller, who closes it once
 */
public record Route(Lease primary) {}
