package dev.skein.manager.cron;

/// An expression or a time zone that cannot be understood, or that never comes. The message says
/// which part of it is wrong and what it may be.
public final class CronException extends Exception {
  private static final long serialVersionUID = 1;

  CronException(String message) {
    super(message);
  }
}
