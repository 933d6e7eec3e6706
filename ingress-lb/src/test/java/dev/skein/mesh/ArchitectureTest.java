package dev.skein.mesh;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "dev.skein.mesh", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule theMeshKnowsNoOtherModule =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.skein.v1..",
              "dev.skein.proto..",
              "dev.skein.state..",
              "dev.skein.manager..",
              "dev.skein.worker..",
              "dev.skein.net..",
              "dev.skein.api..",
              "dev.skein.cli..",
              "com.google.protobuf..",
              "io.grpc..",
              "org.apache.ratis..");
}
