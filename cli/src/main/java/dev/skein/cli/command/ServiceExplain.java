package dev.skein.cli.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.skein.cli.client.EngineClient;
import dev.skein.cli.client.Query;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.command.Command.Naming;
import dev.skein.cli.format.Json;

/// `skein service explain`
final class ServiceExplain {
  private ServiceExplain() {}

  static Leaf leaf() {
    return Leaf.of(
            "[OPTIONS] SERVICE [SERVICE...]",
            "Tell in sentences why services are not as desired: what each task waits for, and why"
                + " each node does not get it.")
        .flags(Inspection.FORMAT)
        .arguments(1, Integer.MAX_VALUE)
        .naming(Naming.SERVICES)
        .examples(
            "skein service explain web",
            "skein service explain web --format json",
            "skein service explain web --format '{{.AsDesired}}'")
        .does(
            (context, arguments) -> {
              try (EngineClient client = context.client()) {
                return Inspection.run(
                    context,
                    arguments,
                    "service",
                    name ->
                        client.object(
                            Query.of("/skein/v1/services", name).path("/explain").toString()),
                    ServiceExplain::words,
                    true);
              }
            });
  }

  static String words(JsonObject explanation) {
    StringBuilder text = new StringBuilder();
    for (JsonElement sentence : Json.array(explanation, "Sentences")) {
      text.append(sentence.getAsString()).append('\n');
    }
    for (JsonElement slot : Json.array(explanation, "Slots")) {
      text.append('\n').append(Json.text(slot, "Sentence")).append('\n');
      for (JsonElement refusal : Json.array(slot, "Refusals")) {
        text.append("  ")
            .append(Json.text(refusal, "NodeName"))
            .append(": ")
            .append(Json.text(refusal, "Reason"))
            .append('\n');
      }
    }
    long omitted = Json.number(explanation, "SlotsOmitted", 0);
    if (omitted > 0) {
      text.append("\n… and ").append(omitted).append(" more tasks.\n");
    }
    return text.toString();
  }
}
