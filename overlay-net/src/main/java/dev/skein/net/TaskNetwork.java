package dev.skein.net;

/// Attaches tasks to the network of their node.
///
/// Safe for any thread. [#attach] may block for some milliseconds.
public interface TaskNetwork {

  /// Gives the task its place, before it starts. Throws [NetworkRejection] when a port that it
  /// needs is taken; nothing is kept then.
  Attachment attach(AttachRequest request) throws NetworkRejection;

  /// Takes the task's place back once it has ended; does nothing for an unknown task.
  void detach(String taskId);

  /// Makes a place known that a task got from an earlier daemon and still has.
  void adopt(Attachment attachment);
}
