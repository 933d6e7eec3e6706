package dev.skein.cli.command;

import com.google.gson.JsonObject;
import dev.skein.cli.ExitCode;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.UnreachableException;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.format.Json;
import dev.skein.cli.format.Listing;
import dev.skein.cli.format.Template;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// `skein version`
public final class VersionCommand {
  /// The newest version of Docker's API that the client knows.
  private static final String API_VERSION = "1.47";

  private VersionCommand() {}

  /// This program's own version.
  /// This program's version.
  public static String version() {
    String packaged = VersionCommand.class.getPackage().getImplementationVersion();
    return packaged == null ? "development" : packaged;
  }

  static Leaf leaf() {
    return Leaf.of("[OPTIONS]", "Show the versions of the client and of the daemon.")
        .flags(
            Flag.string("format", 'f', "string", "Print with a template, or 'json' for everything"))
        .examples("skein version", "skein version --format '{{.Server.Version}}'")
        .does(VersionCommand::run);
  }

  private static int run(CommandContext context, Arguments arguments) throws IOException {
    JsonObject versions = new JsonObject();
    JsonObject own = Json.make(versions, "Client");
    own.addProperty("Version", version());
    own.addProperty("ApiVersion", API_VERSION);
    own.addProperty("JavaVersion", System.getProperty("java.version"));
    own.addProperty("Os", "linux");
    own.addProperty("Arch", System.getProperty("os.arch"));
    UnreachableException unreachable = null;
    try (EngineClient client = context.client()) {
      versions.add("Server", client.object("/version"));
    } catch (UnreachableException e) {
      unreachable = e;
    }
    context.out().print(text(versions, arguments.text("format")));
    if (unreachable != null) {
      context.out().flush();
      throw unreachable;
    }
    return ExitCode.SUCCESS;
  }

  private static String text(JsonObject versions, @Nullable String format) {
    if (format != null && !format.isEmpty()) {
      return format.equals("json")
          ? Json.write(versions) + "\n"
          : Template.parse(Listing.unescape(format), false).apply(versions) + "\n";
    }
    Sheet sheet = new Sheet();
    sheet.heading("Client");
    sheet.inner("Version", version());
    sheet.inner("API version", API_VERSION);
    sheet.inner("Java version", Json.text(versions, "Client.JavaVersion"));
    sheet.inner("OS/Arch", "linux/" + Json.text(versions, "Client.Arch"));
    if (versions.has("Server")) {
      sheet.heading("Server");
      sheet.inner("Version", Json.text(versions, "Server.Version"));
      sheet.inner(
          "API version",
          Json.text(versions, "Server.ApiVersion")
              + " (minimum version "
              + Json.text(versions, "Server.MinAPIVersion")
              + ")");
      sheet.innerIf("Git commit", Json.text(versions, "Server.GitCommit"));
      sheet.inner(
          "OS/Arch", Json.text(versions, "Server.Os") + "/" + Json.text(versions, "Server.Arch"));
    }
    return sheet.toString();
  }
}
