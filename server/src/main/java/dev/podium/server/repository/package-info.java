/**
 * Model folders to served versions: scan, load, warm up, hand out, unload. A version that does not
 * serve is looked for here first.
 */
package dev.podium.server.repository;
