/**
 * What a setting is: its default, its range and its sentence, stated once on the record that uses
 * it.
 */
package dev.podium.server.settings;
