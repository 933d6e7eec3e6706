package dev.skein.api.http;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Map;

/// What a request is answered with.
public sealed interface Response {
  /// The header of [Indexed].
  String INDEX_HEADER = "X-Skein-Index";

  /// An answer with the Raft index that it is true at, in a header: of the entry that the change
  /// is in, or of the state that was read. What a client does after it has the answer has a higher
  /// one, at whichever manager.
  record Indexed(Response answer, long index) implements Response {}

  /// A JSON document.
  record Json(int status, JsonElement body) implements Response {}

  /// A status without a body.
  record Empty(int status) implements Response {}

  /// Plain text with headers of its own.
  record Text(int status, String body, Map<String, String> headers) implements Response {}

  /// A body of unknown length. The headers are sent at once, before its first byte.
  record Stream(String contentType, Body body) implements Response {}

  /// Produces a stream's bytes on the request's own virtual thread.
  @FunctionalInterface
  interface Body {
    /// Returns at the end of the stream; throwing breaks the connection off, so that the client can
    /// tell an end from a failure.
    void writeTo(Sink sink) throws Exception;
  }

  /// Where a stream's bytes go.
  @FunctionalInterface
  interface Sink {
    /// Blocks while the client does not keep up, so that what produces the bytes waits too.
    ///
    /// @throws IOException when the client is gone
    void write(byte[] bytes) throws IOException, InterruptedException;
  }

  /// This answer with its Raft index.
  default Response at(long index) {
    return new Indexed(this, index);
  }

  static Response json(JsonElement body) {
    return new Json(200, body);
  }

  /// Docker's form of an error.
  static Response error(int status, String message) {
    var json = new JsonObject();
    json.addProperty("message", message);
    return new Json(status, json);
  }
}
