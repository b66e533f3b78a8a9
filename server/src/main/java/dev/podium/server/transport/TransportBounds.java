package dev.podium.server.transport;

/**
 * What all clients together may take.
 *
 * @param connections at once, over TCP and as many over the Unix domain socket
 * @param messages memory for messages that arrive and answers that leave
 */
public record TransportBounds(int connections, MessageBudget messages) {}
