/** The HTTP port for operators: is it alive, is it ready, what does it do. */
package dev.podium.server.admin;
