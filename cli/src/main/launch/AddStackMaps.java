import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;

/// Brings the classes of a jar that are in a format older than Java 6 up to that of Java 8, by
/// adding the stack maps that they lack. A start-up cache takes no class without: for picocli,
/// which is compiled for Java 5, that was more than half of the processor time of a command.
///
/// Usage: `AddStackMaps JAR`, with that jar on the class path. A jar without such classes stays as
/// it is.
static final int FIRST_WITH_STACK_MAPS = ClassFile.JAVA_6_VERSION;

final ClassFile format =
    ClassFile.of(
        StackMapsOption.GENERATE_STACK_MAPS,
        ClassHierarchyResolverOption.of(
            ClassHierarchyResolver.ofResourceParsing(ClassLoader.getSystemClassLoader())
                .orElse(ClassHierarchyResolver.defaultResolver())));

void main(String[] args) throws IOException {
  var jar = Path.of(args[0]);
  var written = jar.resolveSibling(jar.getFileName() + ".tmp");
  var changed = 0;
  try (var in = new JarFile(jar.toFile());
      var out = new JarOutputStream(Files.newOutputStream(written))) {
    for (var entry : (Iterable<JarEntry>) in.stream()::iterator) {
      byte[] bytes;
      try (InputStream content = in.getInputStream(entry)) {
        bytes = content.readAllBytes();
      }
      if (entry.getName().endsWith(".class")) {
        var model = format.parse(bytes);
        if (model.majorVersion() < FIRST_WITH_STACK_MAPS) {
          bytes = format.transformClass(model, this::modern);
          changed++;
        }
      }
      var copied = new ZipEntry(entry.getName());
      copied.setTimeLocal(entry.getTimeLocal());
      out.putNextEntry(copied);
      out.write(bytes);
      out.closeEntry();
    }
  }
  if (changed > 0) {
    Files.move(written, jar, StandardCopyOption.REPLACE_EXISTING);
  } else {
    Files.delete(written);
  }
}

void modern(ClassBuilder built, ClassElement element) {
  if (element instanceof ClassFileVersion) {
    built.withVersion(ClassFile.JAVA_8_VERSION, 0);
  } else if (element instanceof MethodModel method) {
    // A method's code is copied as it is, without stack maps, unless it is gone through.
    built.transformMethod(method, MethodTransform.transformingCode(CodeTransform.ACCEPT_ALL));
  } else {
    built.with(element);
  }
}
