package dev.skein.cli.command;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.format.Json;
import dev.skein.cli.format.Listing;
import dev.skein.cli.format.Template;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Printing whole objects: as a JSON array, through a template, or in words.
final class Inspection {
  static final Flag FORMAT =
      Flag.string(
          "format",
          'f',
          "string",
          "Print with a template, for example '{{.ID}}', '{{json .Spec}}'; 'json' prints one line");
  static final Flag PRETTY = Flag.bool("pretty", (char) 0, "Print for people");

  /// Fetches one object by its id or name.
  interface Fetch {
    JsonObject fetch(String reference) throws IOException;
  }

  private Inspection() {}

  /// Prints those that exist and names those that don't.
  ///
  /// @param kind what the objects are called in messages
  /// @param pretty the object in words
  static int run(
      CommandContext context,
      Arguments arguments,
      String kind,
      Fetch fetch,
      Function<JsonObject, String> pretty)
      throws IOException {
    return run(context, arguments, kind, fetch, pretty, false);
  }

  /// As above.
  ///
  /// @param inWords whether words are what is printed without a format
  static int run(
      CommandContext context,
      Arguments arguments,
      String kind,
      Fetch fetch,
      Function<JsonObject, String> pretty,
      boolean inWords)
      throws IOException {
    String format = arguments.text("format");
    if (format != null && arguments.is("pretty")) {
      throw new UsageException("--format is incompatible with --pretty");
    }
    Template template =
        format == null || format.equals("json")
            ? null
            : Template.parse(Listing.unescape(format), false);
    JsonArray found = new JsonArray();
    List<String> missing = new ArrayList<>();
    for (String reference : arguments.positional()) {
      try {
        found.add(fetch.fetch(reference));
      } catch (ApiException e) {
        if (e.status() != 404) {
          throw e;
        }
        missing.add("Error: no such " + kind + ": " + reference);
      }
    }
    if (arguments.is("pretty") || (inWords && format == null)) {
      String separator = "";
      for (var object : found) {
        context.out().print(separator + pretty.apply(object.getAsJsonObject()));
        separator = "\n";
      }
    } else if (template != null) {
      found.forEach(object -> context.out().println(template.apply(object)));
    } else if (format != null) {
      found.forEach(object -> context.out().println(Json.write(object)));
    } else {
      context.out().println(Json.writeIndented(found));
    }
    missing.forEach(context.err()::println);
    return missing.isEmpty() ? ExitCode.SUCCESS : ExitCode.FAILURE;
  }
}
