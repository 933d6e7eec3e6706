package dev.skein.worker.runtime.process;

import dev.skein.worker.runtime.RuntimeRejection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The user that a task runs as.
///
/// @param uid its number
/// @param gid its primary group, or the one asked for
/// @param home its home directory, `/` when the system does not know the user
/// @param known whether the system knows the user, and so its other groups
record UserAccount(int uid, int gid, String home, boolean known) {

  private static final String NUMBER = "[0-9]{1,10}";
  private static final String NAME = "[A-Za-z_][A-Za-z0-9_.-]{0,63}\\$?";

  /// The daemon's own.
  static UserAccount self() throws IOException {
    var process = Path.of("/proc/self");
    var uid = (int) Files.getAttribute(process, "unix:uid");
    var gid = (int) Files.getAttribute(process, "unix:gid");
    var entry = entry("passwd", Integer.toString(uid));
    return new UserAccount(uid, gid, entry.map(fields -> fields.get(5)).orElse("/"), true);
  }

  /// Resolves `name`, `uid`, `name:group` or `uid:gid`; null is `self`.
  static UserAccount resolve(@Nullable String user, UserAccount self)
      throws RuntimeRejection, IOException {
    if (user == null || user.isEmpty()) {
      return self;
    }
    var colon = user.indexOf(':');
    var name = colon < 0 ? user : user.substring(0, colon);
    var entry = lookUp("passwd", "user", name, user);
    var uid = entry.isPresent() ? number(entry.get().get(2), user) : number(name, user);
    int gid;
    if (colon >= 0) {
      var group = user.substring(colon + 1);
      var groupEntry = lookUp("group", "group", group, user);
      gid = groupEntry.isPresent() ? number(groupEntry.get().get(2), user) : number(group, user);
    } else if (entry.isPresent()) {
      gid = number(entry.get().get(3), user);
    } else {
      gid = uid;
    }
    var home = entry.map(fields -> fields.get(5)).filter(text -> !text.isEmpty()).orElse("/");
    var account = new UserAccount(uid, gid, home, entry.isPresent());
    if (self.uid != 0 && (account.uid != self.uid || account.gid != self.gid)) {
      throw new RuntimeRejection(
          "user \""
              + user
              + "\": only a daemon that runs as root can run tasks as another user, and this one"
              + " runs as uid "
              + self.uid
              + "; leave --user out or run the daemon as root");
    }
    return account;
  }

  private static Optional<List<String>> lookUp(
      String database, String kind, String key, String user) throws RuntimeRejection, IOException {
    if (!key.matches(NUMBER) && !key.matches(NAME)) {
      throw new RuntimeRejection(
          "user \"" + user + "\": \"" + key + "\" is not a " + kind + "'s name or number");
    }
    var entry = entry(database, key);
    if (entry.isEmpty() && !key.matches(NUMBER)) {
      throw new RuntimeRejection(
          "user \""
              + user
              + "\": there is no "
              + kind
              + " \""
              + key
              + "\" on this node; create it there or use a number");
    }
    return entry;
  }

  private static int number(String text, String user) throws RuntimeRejection {
    var value = Long.parseLong(text);
    if (value > Integer.MAX_VALUE) {
      throw new RuntimeRejection(
          "user \"" + user + "\": " + value + " is above the limit of 2^31-1");
    }
    return (int) value;
  }

  /// The fields of a user or group, from the file or else from whatever directory service the
  /// system asks.
  private static Optional<List<String>> entry(String database, String key) throws IOException {
    var column = key.matches(NUMBER) ? 2 : 0;
    for (var line : Files.readAllLines(Path.of("/etc", database), StandardCharsets.ISO_8859_1)) {
      var fields = List.of(line.split(":", -1));
      if (fields.size() > 3 && fields.get(column).equals(key)) {
        return Optional.of(fields);
      }
    }
    var getent = Tools.find("getent");
    if (getent.isEmpty()) {
      return Optional.empty();
    }
    var line = Tools.firstLine(List.of(getent.get().toString(), database, "--", key));
    var fields = List.of(line.split(":", -1));
    return fields.size() > 3 ? Optional.of(fields) : Optional.empty();
  }
}
