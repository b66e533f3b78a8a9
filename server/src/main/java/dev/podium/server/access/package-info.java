/** Who calls, and what they may do: credentials, and rules by method and model. */
package dev.podium.server.access;
