package dev.skein.manager.control;

import static dev.skein.manager.control.Rejection.invalid;

import dev.skein.proto.v1.ListRequest;
import dev.skein.proto.v1.ListResponse;
import dev.skein.proto.v1.Object;
import dev.skein.state.ClusterState;
import dev.skein.state.ratis.PeerStatus;
import java.util.List;

/// Answers a list request in pages that each fit into a message.
final class Listing {
  /// Objects of a page.
  static final int PAGE_OBJECTS = 500;

  /// A page takes no further object once it holds this much, in bytes.
  static final int PAGE_BYTES = 1 << 20;

  /// Takes a page; may block until the reader has room for it.
  @FunctionalInterface
  interface Pages {
    void send(ListResponse page) throws InterruptedException;
  }

  private final ClusterState state;
  private final ObjectView view;
  private final Pages pages;
  private ListResponse.Builder page;
  private int pageBytes;
  private boolean sent;

  private Listing(ClusterState state, List<PeerStatus> peers, Pages pages) {
    this.state = state;
    this.view = new ObjectView(state, peers);
    this.pages = pages;
    this.page = newPage();
  }

  /// Sends at least one page, so that the reader learns the index.
  ///
  /// @throws Rejection for a filter that this kind does not have
  static void send(ClusterState state, ListRequest request, List<PeerStatus> peers, Pages pages)
      throws Rejection, InterruptedException {
    var listing = new Listing(state, peers, pages);
    listing.list(request);
    listing.flush(true);
  }

  private void list(ListRequest request) throws Rejection, InterruptedException {
    switch (request.getKind()) {
      case OBJECT_KIND_NODE -> {
        var chosen = ObjectFilter.nodes(request.getFiltersList());
        for (var node : state.nodes().values()) {
          if (chosen.test(node)) {
            add(Object.newBuilder().setNode(view.node(node)).build());
          }
        }
      }
      case OBJECT_KIND_SERVICE -> {
        var chosen = ObjectFilter.services(request.getFiltersList());
        for (var service : state.services().values()) {
          if (chosen.test(service)) {
            if (request.getWithStatus()) {
              page.addServiceStatuses(view.status(service));
            }
            add(Object.newBuilder().setService(ObjectView.service(service)).build());
          }
        }
      }
      case OBJECT_KIND_TASK -> {
        var choice = ObjectFilter.tasks(state, request.getFiltersList());
        for (var task : choice.candidates()) {
          if (choice.chosen().test(task)) {
            var detail = view.detail(task);
            page.addTaskDetails(detail);
            pageBytes += detail.getSerializedSize();
            add(Object.newBuilder().setTask(ObjectView.task(task)).build());
          }
        }
      }
      case OBJECT_KIND_CLUSTER -> {
        var cluster = state.cluster();
        if (cluster != null) {
          add(Object.newBuilder().setCluster(ObjectView.cluster(cluster)).build());
        }
      }
      case OBJECT_KIND_UNSPECIFIED, UNRECOGNIZED ->
          throw invalid("cannot list objects of kind %d", request.getKindValue());
    }
  }

  private void add(Object object) throws InterruptedException {
    page.addObjects(object);
    pageBytes += object.getSerializedSize();
    if (page.getObjectsCount() >= PAGE_OBJECTS || pageBytes >= PAGE_BYTES) {
      flush(false);
    }
  }

  private void flush(boolean last) throws InterruptedException {
    if (page.getObjectsCount() == 0 && (!last || sent)) {
      return;
    }
    pages.send(page.build());
    sent = true;
    page = newPage();
    pageBytes = 0;
  }

  private ListResponse.Builder newPage() {
    return ListResponse.newBuilder().setIndex(state.index());
  }
}
