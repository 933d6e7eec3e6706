package dev.skein.api;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/// Each package keeps to its subject.
@AnalyzeClasses(packages = "dev.skein.api", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule theServerKnowsNoRouteAndNoMessage =
      noClasses()
          .that()
          .resideInAPackage("dev.skein.api.http")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.skein.api.route", "dev.skein.api.json", "dev.skein.proto..");

  @ArchTest
  static final ArchRule theRoutesKnowNoTransport =
      noClasses()
          .that()
          .resideInAnyPackage("dev.skein.api.route", "dev.skein.api.json")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.netty..");

  @ArchTest
  static final ArchRule theManagerIsReachedOnlyByItsControlApi =
      noClasses().should().dependOnClassesThat().resideInAPackage("dev.skein.manager..");
}
