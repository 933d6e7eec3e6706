package dev.skein.chaos.command;

import com.google.gson.JsonObject;
import dev.skein.chaos.fault.Catalogue;
import dev.skein.chaos.fault.Fault;
import dev.skein.cli.ExitCode;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.Flag;
import dev.skein.cli.format.Listing;
import java.util.stream.Collectors;

/// `skein chaos list`
final class FaultListing {

  private FaultListing() {}

  static Leaf leaf() {
    return Leaf.of("[OPTIONS]", "List all faults, and which of them the cluster supports.")
        .flags(
            Flag.string("format", (char) 0, "string", "Format: table, json, raw or a template"),
            Flag.bool("quiet", 'q', "Print only names"))
        .examples("skein chaos list", "skein chaos list --format '{{.Name}}: {{.Summary}}'")
        .does(
            (context, arguments) -> {
              var lab = Labs.present(context);
              var listing =
                  new Listing("{{.Name}}\t{{.Supported}}\t{{.Summary}}", "Name")
                      .field("Name", "FAULT")
                      .field("Supported", "HERE")
                      .field("Summary", "WHAT HAPPENS")
                      .field("Lasting", "LASTING")
                      .field("Missing", "MISSING");
              for (var fault : Catalogue.all()) {
                var missing = lab.flatMap(fault::unsupported);
                var row = new JsonObject();
                row.addProperty("Name", fault.name());
                row.addProperty(
                    "Supported", lab.isEmpty() ? "?" : missing.isEmpty() ? "yes" : "no");
                row.addProperty("Summary", fault.summary());
                row.addProperty("Lasting", fault.lasting());
                row.addProperty("Missing", missing.orElse(""));
                listing.add(row);
              }
              context.out().print(listing.render(arguments.text("format"), arguments.is("quiet")));
              return ExitCode.SUCCESS;
            });
  }

  static String[] names() {
    return Catalogue.all().stream().map(Fault::name).toArray(String[]::new);
  }

  /// A step with the fault, as in files.
  static String example(Fault fault) {
    var options =
        fault.options().stream()
            .map(option -> option.name() + ": \"" + option.byDefault() + "\"")
            .collect(Collectors.joining(", "));
    return "  - {at: 10s, fault: %s, target: any%s%s}"
        .formatted(
            fault.name(),
            fault.lasting() ? ", for: 20s" : "",
            options.isEmpty() ? "" : ", options: {" + options + "}");
  }
}
