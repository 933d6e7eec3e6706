package dev.skein.api.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One line of the route table.
///
/// @param method `HEAD` is answered by `GET`'s route
/// @param segments of the path: a word, `{name}` for any one segment, `{name...}` for one or more
public record Route(String method, List<String> segments, Handler handler) {

  /// Answers a request on its own virtual thread, where it may block. Exceptions are turned into
  /// answers by {@link Failures}.
  @FunctionalInterface
  public interface Handler {
    Response handle(Request request) throws Exception;
  }

  /// A route from its pattern.
  ///
  /// @param pattern such as `/services/{id}/update`
  public static Route of(String method, String pattern, Handler handler) {
    return new Route(method, List.of(pattern.substring(1).split("/")), handler);
  }

  /// The parameters when the path is this route's, else null. Segments are decoded after the split,
  /// so that an encoded slash is part of a name.
  @Nullable Map<String, String> match(List<String> path) {
    var parameters = new LinkedHashMap<String, String>();
    var at = 0;
    for (var i = 0; i < segments.size(); i++) {
      var segment = segments.get(i);
      if (segment.endsWith("...}")) {
        var end = path.size() - (segments.size() - i - 1);
        if (end <= at) {
          return null;
        }
        var name = segment.substring(1, segment.length() - 4);
        parameters.put(name, decode(String.join("/", path.subList(at, end))));
        at = end;
      } else if (at >= path.size()) {
        return null;
      } else if (segment.startsWith("{")) {
        var value = decode(path.get(at++));
        if (value.isEmpty()) {
          return null;
        }
        parameters.put(segment.substring(1, segment.length() - 1), value);
      } else if (!segment.equals(path.get(at++))) {
        return null;
      }
    }
    return at == path.size() ? parameters : null;
  }

  private static String decode(String segment) {
    // A plus is itself in a path; only in a query it is a space.
    return URLDecoder.decode(segment.replace("+", "%2B"), UTF_8);
  }
}
