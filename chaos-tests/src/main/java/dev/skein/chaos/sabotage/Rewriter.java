package dev.skein.chaos.sabotage;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Builds redirections into the bytes of a class. Loads no class, so that none is missed because it
/// was there before. Stateless.
final class Rewriter {
  private final ClassFile classFile;
  private final ClassDesc target;
  private final Set<String> targets;

  /// @param target the bytes of the class with the static methods that are called instead
  /// @param loader finds the classes that a rewritten one names
  Rewriter(byte[] target, ClassLoader loader) {
    this.classFile =
        ClassFile.of(
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(loader)));
    var model = classFile.parse(target);
    this.target = model.thisClass().asSymbol();
    this.targets =
        model.methods().stream()
            .map(method -> method.methodName() + method.methodType().stringValue())
            .collect(Collectors.toSet());
  }

  /// A class with all of its redirections.
  ///
  /// @throws IllegalStateException if a redirection has no call to redirect, or no fitting method
  ///     to go to: then there would be no defect to be caught
  byte[] rewrite(byte[] original, List<Redirection> redirections) {
    var model = classFile.parse(original);
    var built = new HashSet<Redirection>();
    var rewritten =
        classFile.transformClass(
            model,
            ClassTransform.transformingMethodBodies(
                method -> hasCalls(method, redirections),
                (code, element) -> {
                  if (element instanceof InvokeInstruction call) {
                    var found = redirection(call, redirections);
                    if (found.isPresent()) {
                      built.add(found.get());
                      code.invokestatic(target, found.get().to(), type(call, found.get()));
                      return;
                    }
                  }
                  code.with(element);
                }));
    for (var redirection : redirections) {
      if (!built.contains(redirection)) {
        throw new IllegalStateException(
            "%s has no call of %s.%s: name the method that has taken its place"
                .formatted(name(model), redirection.owner(), redirection.method()));
      }
    }
    return rewritten;
  }

  private static String name(ClassModel model) {
    return model.thisClass().asInternalName().replace('/', '.');
  }

  private static boolean hasCalls(MethodModel method, List<Redirection> redirections) {
    return method
        .code()
        .map(
            code ->
                code.elementStream()
                    .anyMatch(
                        element ->
                            element instanceof InvokeInstruction call
                                && redirection(call, redirections).isPresent()))
        .orElse(false);
  }

  private static Optional<Redirection> redirection(
      InvokeInstruction call, List<Redirection> redirections) {
    var owner = call.owner().asInternalName().replace('/', '.');
    return redirections.stream()
        .filter(redirection -> redirection.owner().equals(owner))
        .filter(redirection -> call.name().equalsString(redirection.method()))
        .findFirst();
  }

  private MethodTypeDesc type(InvokeInstruction call, Redirection redirection) {
    var type = call.typeSymbol();
    var full =
        call.opcode() == Opcode.INVOKESTATIC
            ? type
            : type.insertParameterTypes(0, call.owner().asSymbol());
    if (!targets.contains(redirection.to() + full.descriptorString())) {
      throw new IllegalStateException(
          "%s of %s can't go to %s: it has no such method of type %s"
              .formatted(
                  call.name(), redirection.owner(), redirection.to(), full.descriptorString()));
    }
    return full;
  }
}
