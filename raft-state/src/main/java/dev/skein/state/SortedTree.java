package dev.skein.state;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/// A persistent B+tree: immutable, sorted by a comparator, sharing all untouched nodes with the
/// tree it was edited from.
///
/// Leaves and branches are the same [Node]: parallel arrays of keys and slots, where a slot is a
/// value in a leaf and a child in a branch. In a branch, `keys[i]` is a lower bound of everything
/// under `slots[i]` and greater than everything under `slots[i - 1]`. Nodes are wide and their
/// arrays are cut to size, which keeps the heap per entry near that of two references.
///
/// Edits go through an [Editor], which owns the nodes it has made: a batch of edits copies each
/// node once, not once per edit (Clojure's transients, Bagwell's and Hickey's idea). A tree is safe
/// to read from any thread.
final class SortedTree<K, V> {
  /// Most entries of a node. Wide enough that 100,000 entries are three levels, small enough that
  /// copying a path costs well under a microsecond.
  static final int WIDTH = 64;

  /// A node with fewer entries after a removal is joined with a neighbour.
  static final int MIN_FILL = WIDTH / 4;

  private final Comparator<? super K> order;
  private final Node<K, V> root;
  // Levels of branches above the leaves.
  private final int height;
  private final int size;

  private SortedTree(Comparator<? super K> order, Node<K, V> root, int height, int size) {
    this.order = order;
    this.root = root;
    this.height = height;
    this.size = size;
  }

  static <K, V> SortedTree<K, V> empty(Comparator<? super K> order) {
    return new SortedTree<>(order, Node.empty(), 0, 0);
  }

  int size() {
    return size;
  }

  @Nullable V get(K key) {
    return find(root, height, key, order);
  }

  /// The tree's own instance of a key equal to `key`, or null.
  @Nullable K keyOf(K key) {
    var node = leafOf(root, height, key, order);
    var i = search(node, key, order);
    return i < 0 ? null : node.key(i);
  }

  Editor<K, V> edit() {
    return new Editor<>(this);
  }

  /// In order, from the first key.
  Cursor<K, V> cursor() {
    return new Cursor<>(root, height);
  }

  /// In order, from the first key that is not less than `from`.
  Cursor<K, V> cursorFrom(K from) {
    return new Cursor<>(root, height, from, order);
  }

  private static <K, V> @Nullable V find(
      Node<K, V> root, int height, K key, Comparator<? super K> order) {
    var leaf = leafOf(root, height, key, order);
    var i = search(leaf, key, order);
    return i < 0 ? null : leaf.value(i);
  }

  private static <K, V> Node<K, V> leafOf(
      Node<K, V> root, int height, K key, Comparator<? super K> order) {
    var node = root;
    for (var level = height; level > 0; level--) {
      node = node.child(childFor(node, key, order));
    }
    return node;
  }

  /// The child of a branch that holds `key` if any does.
  private static <K, V> int childFor(Node<K, V> branch, K key, Comparator<? super K> order) {
    var i = search(branch, key, order);
    return i >= 0 ? i : Math.max(0, -i - 2);
  }

  /// As [Arrays#binarySearch]: the index of the key, or -(insertion point) - 1.
  private static <K, V> int search(Node<K, V> node, K key, Comparator<? super K> order) {
    var low = 0;
    var high = node.length() - 1;
    while (low <= high) {
      var middle = (low + high) >>> 1;
      var compared = order.compare(node.key(middle), key);
      if (compared < 0) {
        low = middle + 1;
      } else if (compared > 0) {
        high = middle - 1;
      } else {
        return middle;
      }
    }
    return -low - 1;
  }

  /// Whose edits may change a node in place.
  private static final class Owner {}

  /// A leaf or a branch. The array `keys` is never written once it is in a node, so copies of a
  /// node share it; `slots` belongs to the node's owner alone.
  private static final class Node<K, V> {
    private static final Node<?, ?> EMPTY =
        new Node<Object, Object>(null, new Object[0], new Object[0]);

    final @Nullable Owner owner;
    Object[] keys;
    Object[] slots;

    Node(@Nullable Owner owner, Object[] keys, Object[] slots) {
      this.owner = owner;
      this.keys = keys;
      this.slots = slots;
    }

    @SuppressWarnings("unchecked") // It holds neither key nor value of any type.
    static <K, V> Node<K, V> empty() {
      return (Node<K, V>) EMPTY;
    }

    int length() {
      return keys.length;
    }

    @SuppressWarnings("unchecked") // Only keys of this type are ever put in.
    K key(int i) {
      return (K) keys[i];
    }

    @SuppressWarnings("unchecked") // Asked of leaves only, whose slots are values of this type.
    V value(int i) {
      return (V) slots[i];
    }

    @SuppressWarnings("unchecked") // Asked of branches only, whose slots are nodes of this type.
    Node<K, V> child(int i) {
      return (Node<K, V>) slots[i];
    }

    void insert(int i, K key, Object slot) {
      keys = inserted(keys, i, key);
      slots = inserted(slots, i, slot);
    }

    void remove(int i) {
      keys = removed(keys, i);
      slots = removed(slots, i);
    }

    void lowerBound(K key) {
      keys = keys.clone();
      keys[0] = key;
    }

    /// Cuts this node to its first `at` entries and returns the rest as a new node.
    Node<K, V> splitAt(int at) {
      var right =
          new Node<K, V>(
              owner,
              Arrays.copyOfRange(keys, at, keys.length),
              Arrays.copyOfRange(slots, at, slots.length));
      keys = Arrays.copyOf(keys, at);
      slots = Arrays.copyOf(slots, at);
      return right;
    }

    static <K, V> Node<K, V> joined(Owner owner, Node<K, V> left, Node<K, V> right) {
      return new Node<>(
          owner, concatenated(left.keys, right.keys), concatenated(left.slots, right.slots));
    }

    private static Object[] inserted(Object[] array, int i, Object element) {
      var result = new Object[array.length + 1];
      System.arraycopy(array, 0, result, 0, i);
      result[i] = element;
      System.arraycopy(array, i, result, i + 1, array.length - i);
      return result;
    }

    private static Object[] removed(Object[] array, int i) {
      var result = new Object[array.length - 1];
      System.arraycopy(array, 0, result, 0, i);
      System.arraycopy(array, i + 1, result, i, result.length - i);
      return result;
    }

    private static Object[] concatenated(Object[] left, Object[] right) {
      var result = Arrays.copyOf(left, left.length + right.length);
      System.arraycopy(right, 0, result, left.length, right.length);
      return result;
    }
  }

  /// Many edits of one tree, of which other holders of the tree see nothing. Owned by one thread.
  static final class Editor<K, V> {
    private final Comparator<? super K> order;
    // What the editor would return if it had changed nothing since.
    private SortedTree<K, V> unchanged;
    private Owner owner = new Owner();
    private Node<K, V> root;
    private int height;
    private int size;
    // What the last put took the place of.
    private @Nullable V replaced;

    private Editor(SortedTree<K, V> tree) {
      this.order = tree.order;
      this.unchanged = tree;
      this.root = tree.root;
      this.height = tree.height;
      this.size = tree.size;
    }

    int size() {
      return size;
    }

    @Nullable V get(K key) {
      return find(root, height, key, order);
    }

    /// The tree as edited, the same one while nothing changed. The editor may go on; what it
    /// returned stays as it is.
    SortedTree<K, V> toTree() {
      if (root != unchanged.root) {
        owner = new Owner();
        unchanged = new SortedTree<>(order, root, height, size);
      }
      return unchanged;
    }

    /// Returns what the key held before, or null.
    @Nullable V put(K key, V value) {
      root = owned(root);
      replaced = null;
      var right = put(root, height, key, value);
      if (right != null) {
        root =
            new Node<>(
                owner, new Object[] {root.keys[0], right.keys[0]}, new Object[] {root, right});
        height++;
      }
      return replaced;
    }

    /// Returns what the key held before, or null.
    @Nullable V remove(K key) {
      var previous = get(key);
      if (previous == null) {
        return null;
      }
      root = owned(root);
      remove(root, height, key);
      size--;
      while (height > 0 && root.length() == 1) {
        root = root.child(0);
        height--;
      }
      if (root.length() == 0) {
        root = Node.empty();
        height = 0;
      }
      return previous;
    }

    private Node<K, V> owned(Node<K, V> node) {
      return node.owner == owner ? node : new Node<>(owner, node.keys, node.slots.clone());
    }

    private Node<K, V> ownedChild(Node<K, V> branch, int i) {
      var child = owned(branch.child(i));
      branch.slots[i] = child;
      return child;
    }

    /// Puts into an owned node. Returns the new right neighbour if the node had to be split.
    private @Nullable Node<K, V> put(Node<K, V> node, int level, K key, V value) {
      var i = search(node, key, order);
      if (level == 0) {
        if (i >= 0) {
          replaced = node.value(i);
          node.slots[i] = value;
          return null;
        }
        i = -i - 1;
        node.insert(i, key, value);
        size++;
      } else {
        var at = i >= 0 ? i : Math.max(0, -i - 2);
        if (i == -1) {
          node.lowerBound(key);
        }
        var right = put(ownedChild(node, at), level - 1, key, value);
        if (right == null) {
          return null;
        }
        i = at + 1;
        node.insert(i, right.key(0), right);
      }
      if (node.length() <= WIDTH) {
        return null;
      }
      // Ascending keys (a snapshot being loaded) fill their nodes; others leave room on both sides.
      return node.splitAt(i == node.length() - 1 ? node.length() - 1 : node.length() / 2);
    }

    /// Removes a key that is present from an owned node.
    private void remove(Node<K, V> node, int level, K key) {
      if (level == 0) {
        node.remove(search(node, key, order));
        return;
      }
      var i = childFor(node, key, order);
      var child = ownedChild(node, i);
      remove(child, level - 1, key);
      if (child.length() < MIN_FILL) {
        refill(node, i);
      }
    }

    /// Joins child `i` of an owned branch with a neighbour, and splits the two evenly again when
    /// they do not fit into one.
    private void refill(Node<K, V> branch, int i) {
      if (branch.length() == 1) {
        if (branch.child(0).length() == 0) {
          branch.remove(0);
        }
        return;
      }
      var left = i == 0 ? 0 : i - 1;
      var joined = Node.joined(owner, branch.child(left), branch.child(left + 1));
      branch.remove(left + 1);
      branch.slots[left] = joined;
      if (joined.length() > WIDTH) {
        var right = joined.splitAt(joined.length() / 2);
        branch.insert(left + 1, right.key(0), right);
      }
    }
  }

  /// Walks entries in order: [#advance], then [#key] and [#value]. Owned by one thread.
  static final class Cursor<K, V> {
    private final Node<K, V>[] path;
    private final int[] at;
    private final int leaf;

    private Cursor(Node<K, V> root, int height) {
      path = pathOf(height);
      at = new int[height + 1];
      leaf = height;
      path[0] = root;
      for (var depth = 0; depth < height; depth++) {
        path[depth + 1] = path[depth].child(0);
      }
      at[leaf] = -1;
    }

    private Cursor(Node<K, V> root, int height, K from, Comparator<? super K> order) {
      path = pathOf(height);
      at = new int[height + 1];
      leaf = height;
      path[0] = root;
      for (var depth = 0; depth < height; depth++) {
        at[depth] = childFor(path[depth], from, order);
        path[depth + 1] = path[depth].child(at[depth]);
      }
      var i = search(path[leaf], from, order);
      at[leaf] = (i >= 0 ? i : -i - 1) - 1;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // Java has no arrays of generic types.
    private static <K, V> Node<K, V>[] pathOf(int height) {
      return new Node[height + 1];
    }

    /// Moves to the next entry; false at the end.
    boolean advance() {
      var depth = leaf;
      while (at[depth] + 1 >= path[depth].length()) {
        if (depth == 0) {
          return false;
        }
        depth--;
      }
      at[depth]++;
      while (depth < leaf) {
        path[depth + 1] = path[depth].child(at[depth]);
        at[++depth] = 0;
      }
      return true;
    }

    K key() {
      return path[leaf].key(at[leaf]);
    }

    V value() {
      return path[leaf].value(at[leaf]);
    }
  }

  /// An iterator over a cursor's entries up to the first that its test refuses.
  abstract static class CursorIterator<K, V, E> implements Iterator<E> {
    private final Cursor<K, V> cursor;
    private boolean ready;
    private boolean ended;

    CursorIterator(Cursor<K, V> cursor) {
      this.cursor = cursor;
    }

    /// Whether the entry still belongs to what is iterated.
    abstract boolean includes(K key);

    abstract E element(K key, V value);

    @Override
    public final boolean hasNext() {
      if (!ready && !ended) {
        ready = cursor.advance() && includes(cursor.key());
        ended = !ready;
      }
      return ready;
    }

    @Override
    public final E next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      ready = false;
      return element(cursor.key(), cursor.value());
    }
  }
}
