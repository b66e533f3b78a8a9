/** Which version answers a request: by its number, a label, or the newest. */
package dev.podium.server.repository.route;
