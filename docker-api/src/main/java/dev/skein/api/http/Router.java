package dev.skein.api.http;

import static dev.skein.api.ApiException.badRequest;
import static dev.skein.api.ApiException.notFound;

import com.google.protobuf.ByteString;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Finds a request's route, with or without a version before the path. Immutable; any thread.
public final class Router {
  private static final Pattern VERSIONED = Pattern.compile("/v([0-9]+(?:\\.[0-9]+)?)(/.*)");
  private static final int MAX_QUERY_PARAMETERS = 64;

  private final List<Route> routes;

  /// @param routes the first that matches is taken
  public Router(List<Route> routes) {
    this.routes = List.copyOf(routes);
  }

  /// The answer to a request.
  ///
  /// @param uri as in the request line
  /// @throws dev.skein.api.ApiException 404 where there is no route, 400 for a malformed URI or a
  ///     version that isn't spoken
  public Response route(String method, String uri, ByteString body) throws Exception {
    var question = uri.indexOf('?');
    var fullPath = question < 0 ? uri : uri.substring(0, question);
    var version = ApiVersion.MAX;
    var path = fullPath;
    var versioned = VERSIONED.matcher(fullPath);
    if (versioned.matches()) {
      version = ApiVersion.parse(versioned.group(1));
      path = versioned.group(2);
    }
    var lookedFor = method.equals("HEAD") ? "GET" : method;
    var segments = List.of(path.substring(path.startsWith("/") ? 1 : 0).split("/", -1));
    for (var route : routes) {
      if (!route.method().equals(lookedFor)) {
        continue;
      }
      var parameters = match(route, segments);
      if (parameters != null) {
        return route
            .handler()
            .handle(
                new Request(
                    method, path, version, versioned.matches(), parameters, query(uri), body));
      }
    }
    throw notFound("page not found");
  }

  private static @Nullable Map<String, String> match(Route route, List<String> segments) {
    try {
      return route.match(segments);
    } catch (IllegalArgumentException e) {
      throw badRequest("malformed path: " + e.getMessage());
    }
  }

  private static Map<String, List<String>> query(String uri) {
    try {
      return QueryStringDecoder.builder()
          .hasPath(true)
          .maxParams(MAX_QUERY_PARAMETERS)
          .build(uri)
          .parameters();
    } catch (IllegalArgumentException e) {
      throw badRequest("malformed query: " + e.getMessage());
    }
  }
}
