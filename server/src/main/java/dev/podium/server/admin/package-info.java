/** The HTTP port for operators: is it alive, is it ready. */
package dev.podium.server.admin;
