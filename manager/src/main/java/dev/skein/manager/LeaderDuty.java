package dev.skein.manager;

/// Work that only the leader does: begun when this manager becomes the leader, ended when it no
/// longer is. Both are called from one thread, alternately, and must return soon.
public interface LeaderDuty {
  void begin();

  void end();
}
