package dev.podium.server.settings;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Makes a component of a room's options record a key that users can set. This is all there is to
 * say of it: {@link Settings} reads, checks and writes by it, and a test compares it with {@code
 * docs/configuration.md}.
 *
 * <p>A component may be an {@code int}, {@code long}, {@code double}, {@code boolean}, {@code
 * String}, {@code Duration}, {@code Path}, an enum, or a list of one of these or of records.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Setting {
  /** Its key within its section; the component's name in snake case unless set. */
  String key() default "";

  /** The default, as a user would write it; empty for none, which is null. */
  String value() default "";

  /** The least value, as a user would write it. Numbers, times and sizes have one. */
  String min() default "";

  /** The greatest value, likewise. */
  String max() default "";

  /** Whether a {@code long} is an amount of memory in bytes, written as in {@code 16MiB}. */
  boolean bytes() default false;

  /** What it is, in Markdown as {@code docs/configuration.md} shows it. */
  String is();
}
