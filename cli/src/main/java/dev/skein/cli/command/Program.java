package dev.skein.cli.command;

import dev.skein.cli.ExitCode;
import dev.skein.cli.client.ApiException;
import dev.skein.cli.client.UnreachableException;
import dev.skein.cli.command.Command.Entry;
import dev.skein.cli.command.Command.Group;
import dev.skein.cli.command.Command.Leaf;
import dev.skein.cli.format.TemplateException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds the command that the words name, reads its options, runs it, and turns whatever goes wrong
/// into a message and an exit code.
public final class Program {
  /// The options that stand before the command.
  static final List<Flag> GLOBAL =
      List.of(
          Flag.string("host", 'H', "string", "Daemon to talk to: unix:///PATH or tcp://HOST:PORT"),
          Flag.string("tlscacert", (char) 0, "string", "Trust daemons signed by this authority"),
          Flag.string("tlscert", (char) 0, "string", "TLS certificate of this client"),
          Flag.string("tlskey", (char) 0, "string", "TLS key of this client"),
          Flag.bool("version", 'v', "Print the client's version"));

  private static final Flag HELP = Flag.bool("help", 'h', "Print help");

  private final CommandContext context;

  /// @param context what commands run in
  public Program(CommandContext context) {
    this.context = context;
  }

  /// Runs one command.
  ///
  /// @param words the command line, without the program's name
  /// @return the exit code, see [ExitCode]
  public int run(List<String> words) {
    List<String> path = new ArrayList<>();
    path.add("skein");
    try {
      List<Flag> flags = new ArrayList<>(GLOBAL);
      flags.add(HELP);
      Arguments global = new ArgumentParser(flags, false).parse(words);
      context.connectTo(
          global.text("host"),
          global.text("tlscacert"),
          global.text("tlscert"),
          global.text("tlskey"));
      List<String> rest = global.positional();
      Group root = CommandTree.root();
      if (global.is("version")) {
        context.out().println("skein version " + VersionCommand.version());
        return ExitCode.SUCCESS;
      }
      if (!rest.isEmpty() && rest.getFirst().equals(CompletionCommand.CANDIDATES)) {
        return CompletionCommand.candidates(context, root, rest.subList(1, rest.size()));
      }
      if (!rest.isEmpty() && rest.getFirst().equals("help")) {
        List<String> asked = new ArrayList<>(rest.subList(1, rest.size()));
        asked.add("--help");
        return descend(root, asked, path);
      }
      if (global.is("help") || rest.isEmpty()) {
        context.out().print(Help.group(path, root, GLOBAL));
        return ExitCode.SUCCESS;
      }
      return descend(root, rest, path);
    } catch (UsageException e) {
      String command = String.join(" ", path);
      context.err().println(command + ": " + e.getMessage());
      context.err().println("See '" + command + " --help'.");
      return ExitCode.USAGE;
    } catch (ApiException e) {
      context.err().println("Error response from daemon: " + e.getMessage());
      return ExitCode.FAILURE;
    } catch (UnreachableException e) {
      context.err().println(e.getMessage());
      return ExitCode.UNREACHABLE;
    } catch (TemplateException e) {
      context.err().println(e.getMessage());
      return ExitCode.USAGE;
    } catch (IOException e) {
      context.err().println(message(e));
      return ExitCode.FAILURE;
    } finally {
      context.out().flush();
      context.err().flush();
    }
  }

  private int descend(Group group, List<String> words, List<String> path) throws IOException {
    String word = words.isEmpty() ? "--help" : words.getFirst();
    if (word.equals("--help") || word.equals("-h")) {
      context.out().print(Help.group(path, group, path.size() == 1 ? GLOBAL : List.of()));
      return ExitCode.SUCCESS;
    }
    Entry entry = find(group, word);
    if (entry == null) {
      String near = Suggestion.nearest(word, group.entries().stream().map(Entry::name).toList());
      throw new UsageException(
          (word.startsWith("-") ? "unknown flag: " + word : "'" + word + "' is not a command")
              + (near == null ? "" : ". Did you mean '" + near + "'?"));
    }
    path.add(entry.name());
    List<String> rest = words.subList(1, words.size());
    // Not a switch over types: that is linked anew at each start, for several milliseconds.
    Command command = entry.command().get();
    return command instanceof Group inner
        ? descend(inner, rest, path)
        : run((Leaf) command, rest, path);
  }

  private int run(Leaf leaf, List<String> words, List<String> path) throws IOException {
    List<Flag> flags = new ArrayList<>(leaf.flags());
    boolean ownLetter = flags.stream().anyMatch(flag -> flag.shorthand() == 'h');
    flags.add(ownLetter ? Flag.bool("help", (char) 0, "Print help") : HELP);
    Arguments arguments = new ArgumentParser(flags, leaf.interspersed()).parse(words);
    if (arguments.is("help")) {
      context.out().print(Help.leaf(path, leaf));
      return ExitCode.SUCCESS;
    }
    int count = arguments.positional().size();
    if (count < leaf.argumentsMin()) {
      throw new UsageException(
          "requires at least " + plural(leaf.argumentsMin()) + ". " + Help.usage(path, leaf));
    }
    if (count > leaf.argumentsMax()) {
      throw new UsageException(
          (leaf.argumentsMax() == 0
                  ? "accepts no arguments"
                  : "requires at most " + plural(leaf.argumentsMax()))
              + ", \""
              + arguments.argument(leaf.argumentsMax())
              + "\" is too many. "
              + Help.usage(path, leaf));
    }
    return leaf.action().run(context, arguments);
  }

  static @Nullable Entry find(Group group, String word) {
    for (Entry entry : group.entries()) {
      if (entry.name().equals(word) || entry.aliases().contains(word)) {
        return entry;
      }
    }
    return null;
  }

  private static String plural(int count) {
    return count + (count == 1 ? " argument" : " arguments");
  }

  private static String message(IOException e) {
    return switch (e) {
      case java.nio.file.NoSuchFileException missing -> missing.getFile() + ": no such file";
      case java.nio.file.AccessDeniedException denied -> denied.getFile() + ": permission denied";
      default -> e.getMessage() == null ? e.toString() : e.getMessage();
    };
  }
}
