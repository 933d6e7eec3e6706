package dev.skein.cli.whoami;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An HTTP/1.x request as the sample task needs it; its body is read and dropped.
///
/// @param method as sent
/// @param path without the query
/// @param query parameters, percent-decoding left out: their values here are numbers and words
/// @param line the request line
/// @param headers in their order, names in lower case; of a repeated one the last
record Request(
    String method,
    String path,
    Map<String, String> query,
    String line,
    Map<String, String> headers) {
  static final int LINE_BYTES_MAX = 8 * 1024;
  static final int HEADERS_MAX = 100;
  static final long BODY_BYTES_MAX = 64L * 1024 * 1024;

  /// The request is not one that this server understands.
  static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedException(String message) {
      super(message);
    }
  }

  /// Reads a request whose first byte was read already.
  static Request read(int first, InputStream in) throws IOException, MalformedException {
    String line = line(first, in);
    String[] parts = line.split(" ", -1);
    if (parts.length != 3 || !parts[2].startsWith("HTTP/1.")) {
      throw new MalformedException("malformed request line");
    }
    Map<String, String> headers = new LinkedHashMap<>();
    for (String header = line(in.read(), in); !header.isEmpty(); header = line(in.read(), in)) {
      int colon = header.indexOf(':');
      if (colon <= 0 || headers.size() >= HEADERS_MAX) {
        throw new MalformedException("malformed header, or more than " + HEADERS_MAX);
      }
      headers.put(
          header.substring(0, colon).toLowerCase(Locale.ROOT), header.substring(colon + 1).strip());
    }
    skipBody(headers, in);
    int mark = parts[1].indexOf('?');
    return new Request(
        parts[0],
        mark < 0 ? parts[1] : parts[1].substring(0, mark),
        mark < 0 ? Map.of() : query(parts[1].substring(mark + 1)),
        line,
        headers);
  }

  boolean keepAlive() {
    String connection = headers.getOrDefault("connection", "").toLowerCase(Locale.ROOT);
    return line.endsWith("HTTP/1.1")
        ? !connection.equals("close")
        : connection.equals("keep-alive");
  }

  /// A number from the query.
  ///
  /// @throws MalformedException if it is not one from 0 to `most`
  int number(String name, int fallback, int most) throws MalformedException {
    String text = query.get(name);
    if (text == null) {
      return fallback;
    }
    try {
      int value = Integer.parseInt(text);
      if (value >= 0 && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new MalformedException(name + "=" + text + " must be a whole number from 0 to " + most);
  }

  private static Map<String, String> query(String text) {
    Map<String, String> query = new LinkedHashMap<>();
    for (String pair : text.split("&", -1)) {
      int equals = pair.indexOf('=');
      query.put(
          equals < 0 ? pair : pair.substring(0, equals),
          equals < 0 ? "" : pair.substring(equals + 1));
    }
    return query;
  }

  private static void skipBody(Map<String, String> headers, InputStream in)
      throws IOException, MalformedException {
    if (headers.containsKey("transfer-encoding")) {
      throw new MalformedException("a body must have a Content-Length");
    }
    @Nullable String length = headers.get("content-length");
    if (length == null) {
      return;
    }
    try {
      long bytes = Long.parseLong(length);
      if (bytes < 0 || bytes > BODY_BYTES_MAX) {
        throw new MalformedException("the body is larger than " + BODY_BYTES_MAX + " bytes");
      }
      in.skipNBytes(bytes);
    } catch (NumberFormatException e) {
      throw new MalformedException("malformed Content-Length");
    }
  }

  private static String line(int first, InputStream in) throws IOException, MalformedException {
    byte[] bytes = new byte[128];
    int length = 0;
    for (int c = first; c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new java.io.EOFException("the request ended too soon");
      }
      if (length == LINE_BYTES_MAX) {
        throw new MalformedException("a line is longer than " + LINE_BYTES_MAX + " bytes");
      }
      if (length == bytes.length) {
        bytes = java.util.Arrays.copyOf(bytes, length * 2);
      }
      bytes[length++] = (byte) c;
    }
    if (length > 0 && bytes[length - 1] == '\r') {
      length--;
    }
    return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
  }
}
