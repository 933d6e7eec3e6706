package dev.skein.api.route;

import static dev.skein.api.ApiException.notFound;
import static dev.skein.api.ApiException.unsupported;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.skein.api.http.Request;
import dev.skein.api.http.Response;
import dev.skein.api.http.Route;
import java.util.ArrayList;
import java.util.List;

/// The kinds of object that Docker's swarm has and Skein doesn't yet: there are none, none is
/// found, and creating one says so. Also `/distribution`, where clients ask a registry about an
/// image.
final class LaterRoutes {
  private static final List<String> KINDS = List.of("secret", "config", "network");

  List<Route> routes() {
    var routes = new ArrayList<Route>();
    for (var kind : KINDS) {
      var path = "/" + kind + "s";
      routes.add(Route.of("GET", path, _ -> Response.json(new JsonArray())));
      routes.add(Route.of("POST", path + "/create", _ -> refuse(kind)));
      routes.add(Route.of("GET", path + "/{id}", request -> missing(kind, request)));
      routes.add(Route.of("DELETE", path + "/{id}", request -> missing(kind, request)));
      routes.add(Route.of("POST", path + "/{id}/update", request -> missing(kind, request)));
    }
    routes.add(Route.of("GET", "/distribution/{name...}/json", LaterRoutes::distribution));
    return List.copyOf(routes);
  }

  private static Response refuse(String kind) {
    throw unsupported(kind + "s are not supported yet");
  }

  private static Response missing(String kind, Request request) {
    throw notFound(kind + " " + request.parameter("id") + " not found");
  }

  private static Response distribution(Request request) {
    var name = request.parameter("name");
    if (!ProcessImage.matches(name)) {
      throw notFound("no digest for " + name + ": images are not resolved yet");
    }
    // An empty digest keeps Docker's client from warning that it could not get one.
    var json = new JsonObject();
    json.add("Descriptor", new JsonObject());
    json.add("Platforms", new JsonArray());
    return Response.json(json);
  }
}
