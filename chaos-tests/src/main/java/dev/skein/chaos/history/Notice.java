package dev.skein.chaos.history;

/// What a watcher was told.
///
/// @param watcher who watches, through one manager, from its start to its end
/// @param index where the watching begins: all after it will be told; or the event's Raft index
/// @param action `create`, `update`, `remove`; empty for a beginning
/// @param id the object's id; empty for a beginning
/// @param name the object's name; empty for a beginning
public record Notice(String watcher, Type type, long index, String action, String id, String name) {

  /// Which of the two.
  public enum Type {
    /// It begins to watch, for the first time, or because it was told that some events are lost.
    BEGAN,
    /// Something happened.
    EVENT
  }

  /// A beginning.
  public static Notice began(String watcher, long index) {
    return new Notice(watcher, Type.BEGAN, index, "", "", "");
  }

  /// An event.
  public static Notice event(String watcher, long index, String action, String id, String name) {
    return new Notice(watcher, Type.EVENT, index, action, id, name);
  }
}
