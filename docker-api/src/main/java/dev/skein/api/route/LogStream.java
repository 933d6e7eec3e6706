package dev.skein.api.route;

import static dev.skein.api.ApiException.badRequest;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.Timestamp;
import dev.skein.api.http.ApiVersion;
import dev.skein.api.http.Failures;
import dev.skein.api.http.Request;
import dev.skein.api.http.Response;
import dev.skein.api.json.ProtoJson;
import dev.skein.proto.v1.LogLine;
import dev.skein.proto.v1.LogOptions;
import dev.skein.proto.v1.LogsRequest;
import dev.skein.proto.v1.LogsResponse;
import dev.skein.proto.v1.ObjectKind;
import io.grpc.StatusException;
import java.io.ByteArrayOutputStream;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Pattern;

/// `/services/{id}/logs` and `/tasks/{id}/logs`, in Docker's frames: a byte for the stream, three
/// zeros, the length as a big-endian 32-bit integer, and one line with its newline.
///
/// Why something is missing comes at the end in one frame of the third stream, where Docker's
/// client stops reading with an error; a client that asks with `warnings=1` gets each at once
/// instead. With `names=1` the details have the task's name as well.
final class LogStream {
  private static final byte STDOUT = 1;
  private static final byte STDERR = 2;
  private static final byte SYSTEM_ERROR = 3;
  private static final int FRAME_HEADER_BYTES = 8;
  private static final int MAX_WARNINGS = 100;
  private static final Pattern TAIL = Pattern.compile("-?[0-9]{1,9}");

  private final ControlClient control;
  private final ObjectKind kind;

  /// @param kind of the object whose id is in the path
  LogStream(ControlClient control, ObjectKind kind) {
    this.control = control;
    this.kind = kind;
  }

  Response handle(Request request) throws StatusException {
    var options = options(request);
    // First, because a stream that is silent can't be told from one that will be refused.
    control.get(kind, request.parameter("id"));
    var logs =
        LogsRequest.newBuilder()
            .setRef(request.parameter("id"))
            .setKind(kind)
            .setOptions(options)
            .build();
    var withTimestamps = request.flag("timestamps");
    var withDetails = request.flag("details");
    var withNames = request.flag("names");
    var warnAtOnce = request.flag("warnings");
    var stream = control.stream();
    return new Response.Stream(
        contentType(request.version()),
        sink -> {
          var warnings = new LinkedHashSet<String>();
          try {
            var parts = stream.logs(logs);
            for (var part = parts.read(); part != null; part = parts.read()) {
              var frames = frames(part, withTimestamps, withDetails, withNames);
              if (frames.length > 0) {
                sink.write(frames);
              }
              if (warnAtOnce && !part.getWarning().isEmpty()) {
                sink.write(frame(SYSTEM_ERROR, part.getWarning()));
              } else if (!part.getWarning().isEmpty() && warnings.size() < MAX_WARNINGS) {
                warnings.add(part.getWarning());
              }
            }
            writeWarnings(sink, warnings);
          } catch (StatusException e) {
            // The status line is sent; this is where the client still sees why.
            sink.write(frame(SYSTEM_ERROR, Failures.message(e.getStatus())));
          }
        });
  }

  private static void writeWarnings(Response.Sink sink, Set<String> warnings) throws Exception {
    if (!warnings.isEmpty()) {
      sink.write(frame(SYSTEM_ERROR, "incomplete log stream: " + String.join("; ", warnings)));
    }
  }

  private static String contentType(ApiVersion version) {
    return version.compareTo(ApiVersion.MULTIPLEXED_STREAM) >= 0
        ? "application/vnd.docker.multiplexed-stream"
        : "application/vnd.docker.raw-stream";
  }

  private static LogOptions options(Request request) {
    var options =
        LogOptions.newBuilder()
            .setFollow(request.flag("follow"))
            .setTail(tail(request))
            .setStdout(request.flag("stdout"))
            .setStderr(request.flag("stderr"));
    if (!options.getStdout() && !options.getStderr()) {
      throw badRequest("Bad parameters: you must choose at least one stream");
    }
    var since = Queries.time(request, "since");
    if (since != null) {
      options.setSince(since);
    }
    var until = Queries.time(request, "until");
    // Docker's API sets 0 for "no end" here.
    if (until != null && !until.equals(Timestamp.getDefaultInstance())) {
      options.setUntil(until);
    }
    return options.build();
  }

  private static long tail(Request request) {
    var text = request.query("tail");
    if (text == null || text.equals("all")) {
      return -1;
    }
    if (!TAIL.matcher(text).matches()) {
      throw badRequest("invalid 'tail' value '" + text + "', expected a number of lines or all");
    }
    return Long.parseLong(text);
  }

  private static byte[] frames(
      LogsResponse part, boolean withTimestamps, boolean withDetails, boolean withNames) {
    var frames = new ByteArrayOutputStream();
    for (var line : part.getLinesList()) {
      var payload = new ByteArrayOutputStream();
      if (withTimestamps) {
        payload.writeBytes((ProtoJson.rfc3339(line.getTimestamp()) + " ").getBytes(UTF_8));
      }
      if (withDetails) {
        payload.writeBytes((details(line, withNames) + " ").getBytes(UTF_8));
      }
      payload.writeBytes(line.getLine().toByteArray());
      payload.write('\n');
      var stream =
          switch (line.getStream()) {
            case LOG_STREAM_STDERR -> STDERR;
            case LOG_STREAM_STDOUT, LOG_STREAM_UNSPECIFIED, UNRECOGNIZED -> STDOUT;
          };
      frames.writeBytes(frame(stream, payload.toByteArray()));
    }
    return frames.toByteArray();
  }

  /// Docker's client shows the details that it does not know, so it gets none.
  private static String details(LogLine line, boolean withNames) {
    return "com.docker.swarm.node.id="
        + line.getNodeId()
        + ",com.docker.swarm.service.id="
        + line.getServiceId()
        + ",com.docker.swarm.task.id="
        + line.getTaskId()
        + (withNames
            ? ",com.docker.swarm.task.name=" + URLEncoder.encode(line.getTaskName(), UTF_8)
            : "");
  }

  private static byte[] frame(byte stream, String text) {
    return frame(stream, (text + "\n").getBytes(UTF_8));
  }

  private static byte[] frame(byte stream, byte[] payload) {
    return ByteBuffer.allocate(FRAME_HEADER_BYTES + payload.length)
        .put(stream)
        .put(new byte[3])
        .putInt(payload.length)
        .put(payload)
        .array();
  }
}
