package dev.skein.state;

import java.util.AbstractCollection;
import java.util.Iterator;
import java.util.function.IntSupplier;
import java.util.function.Supplier;

/// A read-only collection that is computed as it is walked.
final class View<E> extends AbstractCollection<E> {
  private final Supplier<Iterator<E>> iterators;
  private final IntSupplier size;

  View(Supplier<Iterator<E>> iterators, IntSupplier size) {
    this.iterators = iterators;
    this.size = size;
  }

  /// A view that has to be walked to be counted.
  static <E> View<E> uncounted(Supplier<Iterator<E>> iterators) {
    return new View<>(
        iterators,
        () -> {
          var count = 0;
          for (var each = iterators.get(); each.hasNext(); each.next()) {
            count++;
          }
          return count;
        });
  }

  @Override
  public Iterator<E> iterator() {
    return iterators.get();
  }

  @Override
  public int size() {
    return size.getAsInt();
  }

  @Override
  public boolean isEmpty() {
    return !iterator().hasNext();
  }
}
