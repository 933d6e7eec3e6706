package dev.skein.manager.plan;

/// Something to look at again.
public sealed interface DirtyKey {
  record OfService(String id) implements DirtyKey {}

  record OfNode(String id) implements DirtyKey {}

  record OfSlot(Slot slot) implements DirtyKey {}
}
