package dev.skein.api.route;

import java.util.List;
import java.util.random.RandomGenerator;

/// Names for services that were created without one: a manner and a bird, as in `swift-heron`.
/// Thread-safe.
final class ServiceNames {
  private static final List<String> MANNERS =
      List.of(
          "able", "agile", "airy", "alert", "bold", "brave", "bright", "brisk", "calm", "clear",
          "clever", "cool", "deft", "eager", "early", "easy", "fair", "fleet", "fond", "free",
          "gentle", "glad", "grand", "happy", "hardy", "high", "keen", "kind", "light", "lively",
          "lucky", "merry", "mild", "neat", "nimble", "noble", "proud", "quick", "quiet", "rapid",
          "ready", "shy", "sleek", "smooth", "steady", "sunny", "swift", "warm", "wild", "wise");

  private static final List<String> BIRDS =
      List.of(
          "avocet", "bittern", "brant", "bunting", "condor", "coot", "crane", "curlew", "dipper",
          "dove", "duck", "dunlin", "egret", "eider", "falcon", "finch", "gannet", "godwit",
          "goose", "grebe", "gull", "heron", "hobby", "ibis", "kestrel", "kite", "knot", "lark",
          "linnet", "loon", "martin", "merlin", "osprey", "owl", "petrel", "pintail", "plover",
          "puffin", "rail", "raven", "robin", "scoter", "shrike", "smew", "snipe", "stilt", "stork",
          "swan", "swift", "teal", "tern", "thrush", "wigeon", "wren");

  private final RandomGenerator random;

  ServiceNames(RandomGenerator random) {
    this.random = random;
  }

  synchronized String next() {
    return MANNERS.get(random.nextInt(MANNERS.size()))
        + "-"
        + BIRDS.get(random.nextInt(BIRDS.size()));
  }
}
