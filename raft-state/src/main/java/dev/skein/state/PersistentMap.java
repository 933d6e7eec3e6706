package dev.skein.state;

import java.util.Collection;
import java.util.Iterator;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// An immutable map with String keys, sorted by them, that shares structure with the maps it was
/// made from: a changed copy of a map of 100,000 entries costs a few hundred bytes. Safe to read
/// from any thread, also while later versions are made.
///
/// Keys and values are never null. Keys are compared as [String#compareTo] does.
public final class PersistentMap<V> {
  private static final PersistentMap<?> EMPTY =
      new PersistentMap<>(SortedTree.<String, Object>empty(String::compareTo));

  private final SortedTree<String, V> tree;

  private PersistentMap(SortedTree<String, V> tree) {
    this.tree = tree;
  }

  @SuppressWarnings("unchecked") // The empty map holds no value of any type.
  public static <V> PersistentMap<V> empty() {
    return (PersistentMap<V>) EMPTY;
  }

  public int size() {
    return tree.size();
  }

  public boolean isEmpty() {
    return tree.size() == 0;
  }

  public @Nullable V get(String key) {
    return tree.get(key);
  }

  public boolean containsKey(String key) {
    return tree.get(key) != null;
  }

  /// The map's own instance of an equal key, or null: lets many holders of a key share one String.
  @Nullable String keyOf(String key) {
    return tree.keyOf(key);
  }

  /// A map in which `key` holds `value`; this one is unchanged.
  public PersistentMap<V> with(String key, V value) {
    var editor = edit();
    editor.put(key, value);
    return editor.toMap();
  }

  /// A map without `key`; this one is unchanged.
  public PersistentMap<V> without(String key) {
    if (!containsKey(key)) {
      return this;
    }
    var editor = edit();
    editor.remove(key);
    return editor.toMap();
  }

  /// For a batch of changes: copies each part of the map once however many changes it sees.
  public Editor<V> edit() {
    return new Editor<>(this);
  }

  /// The keys, in order.
  public Collection<String> keys() {
    return new View<>(() -> walk(tree::cursor, key -> true, (key, value) -> key), this::size);
  }

  /// The values, in the order of their keys.
  public Collection<V> values() {
    return new View<>(() -> walk(tree::cursor, key -> true, (key, value) -> value), this::size);
  }

  /// The values whose keys are not less than `from`, in order.
  public Collection<V> valuesFrom(String from) {
    return values(from, key -> true);
  }

  /// The values whose keys are not less than `from` but less than `to`, in order.
  public Collection<V> valuesBetween(String from, String to) {
    return values(from, key -> key.compareTo(to) < 0);
  }

  /// The values whose keys begin with `prefix`, in order.
  public Collection<V> valuesWithPrefix(String prefix) {
    return values(prefix, key -> key.startsWith(prefix));
  }

  private Collection<V> values(String from, Predicate<String> included) {
    return View.uncounted(() -> walk(() -> tree.cursorFrom(from), included, (key, value) -> value));
  }

  private <E> Iterator<E> walk(
      Supplier<SortedTree.Cursor<String, V>> start,
      Predicate<String> included,
      BiFunction<String, V, E> element) {
    return new SortedTree.CursorIterator<String, V, E>(start.get()) {
      @Override
      boolean includes(String key) {
        return included.test(key);
      }

      @Override
      E element(String key, V value) {
        return element.apply(key, value);
      }
    };
  }

  @Override
  public String toString() {
    return "PersistentMap(size " + size() + ")";
  }

  /// A batch of changes to one map. Owned by one thread.
  public static final class Editor<V> {
    private final SortedTree.Editor<String, V> tree;
    private PersistentMap<V> unchanged;

    private Editor(PersistentMap<V> map) {
      this.tree = map.tree.edit();
      this.unchanged = map;
    }

    public int size() {
      return tree.size();
    }

    public @Nullable V get(String key) {
      return tree.get(key);
    }

    /// Returns what the key held before, or null.
    public @Nullable V put(String key, V value) {
      return tree.put(key, value);
    }

    /// Returns what the key held before, or null.
    public @Nullable V remove(String key) {
      return tree.remove(key);
    }

    /// The map as changed so far, the same instance while nothing changed; later changes of this
    /// editor do not touch it.
    public PersistentMap<V> toMap() {
      var edited = tree.toTree();
      if (edited != unchanged.tree) {
        unchanged = new PersistentMap<>(edited);
      }
      return unchanged;
    }
  }
}
