package dev.skein.manager.schedule;

/// How much of a node is reserved, each as a share of what it has.
///
/// @param cpu of its CPUs
/// @param memory of its memory
/// @param cpuStep what one task more adds
/// @param memoryStep what one task more adds
record Load(double cpu, double memory, double cpuStep, double memoryStep) {
  private static final double PARTS = 1e6;

  Load withOneMore() {
    return new Load(cpu + cpuStep, memory + memoryStep, cpuStep, memoryStep);
  }

  /// The fuller of the two, in millionths: rounded, so that equal loads are equal however they came
  /// about.
  long parts() {
    return Math.round(Math.max(cpu, memory) * PARTS);
  }
}
