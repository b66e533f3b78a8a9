package dev.podium.server.rpc;

/**
 * Is told before each step of a request that may fail for want of memory, or because of what it
 * calls. A server does nothing with it; tests throw from each step in turn and see that all is
 * given back.
 */
@FunctionalInterface
interface RequestSteps {
  /** The steps, in the order that a request takes them. */
  enum Step {
    /** Room for the message's bytes is asked for. */
    RECEIVE,
    /** What is known of the request gets a place. */
    BEGIN,
    /** The message is looked through. */
    PARSE,
    /** A version is taken. */
    OPEN,
    /** Rows are let in. */
    ADMIT,
    /** The message is bound to the version. */
    BIND,
    /** The scheduler gets it. */
    SUBMIT,
    /** Its answer is written. */
    ENCODE,
    /** What it held is given back. */
    RELEASE,
    /** The answer is handed to the call. */
    ANSWER,
    /** A refusal is handed to the call. */
    REFUSE
  }

  RequestSteps NONE = step -> {};

  /** The step comes next. */
  void before(Step step);
}
