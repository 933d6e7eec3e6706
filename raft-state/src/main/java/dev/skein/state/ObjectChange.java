package dev.skein.state;

import com.google.protobuf.Message;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.ObjectKind;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.Task;
import org.jspecify.annotations.Nullable;

/// One object's change from `before` to `after`: created when it had no before, removed when it has
/// no after.
public sealed interface ObjectChange {
  @Nullable Message before();

  @Nullable Message after();

  /// The object's id.
  String id();

  ObjectKind kind();

  /// The change that takes this one back.
  ObjectChange reversed();

  default boolean isCreate() {
    return before() == null;
  }

  default boolean isRemove() {
    return after() == null;
  }

  /// A node's change.
  record OfNode(@Nullable Node before, @Nullable Node after) implements ObjectChange {
    @Override
    public String id() {
      return either(after, before).getId();
    }

    @Override
    public ObjectKind kind() {
      return ObjectKind.OBJECT_KIND_NODE;
    }

    @Override
    public ObjectChange reversed() {
      return new OfNode(after, before);
    }
  }

  /// A service's change.
  record OfService(@Nullable Service before, @Nullable Service after) implements ObjectChange {
    @Override
    public String id() {
      return either(after, before).getId();
    }

    @Override
    public ObjectKind kind() {
      return ObjectKind.OBJECT_KIND_SERVICE;
    }

    @Override
    public ObjectChange reversed() {
      return new OfService(after, before);
    }
  }

  /// A task's change.
  record OfTask(@Nullable Task before, @Nullable Task after) implements ObjectChange {
    @Override
    public String id() {
      return either(after, before).getId();
    }

    @Override
    public ObjectKind kind() {
      return ObjectKind.OBJECT_KIND_TASK;
    }

    @Override
    public ObjectChange reversed() {
      return new OfTask(after, before);
    }
  }

  /// The cluster object's change.
  record OfCluster(@Nullable Cluster before, @Nullable Cluster after) implements ObjectChange {
    @Override
    public String id() {
      return either(after, before).getId();
    }

    @Override
    public ObjectKind kind() {
      return ObjectKind.OBJECT_KIND_CLUSTER;
    }

    @Override
    public ObjectChange reversed() {
      return new OfCluster(after, before);
    }
  }

  private static <M extends Message> M either(@Nullable M after, @Nullable M before) {
    if (after != null) {
      return after;
    }
    if (before != null) {
      return before;
    }
    throw new IllegalStateException("a change from nothing to nothing");
  }
}
