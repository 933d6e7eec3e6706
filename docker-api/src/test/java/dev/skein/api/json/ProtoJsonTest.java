package dev.skein.api.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.Message;
import dev.skein.api.ApiException;
import dev.skein.proto.v1.Cluster;
import dev.skein.proto.v1.ClusterSpec;
import dev.skein.proto.v1.InitRequest;
import dev.skein.proto.v1.Node;
import dev.skein.proto.v1.NodeRole;
import dev.skein.proto.v1.NodeSpec;
import dev.skein.proto.v1.Service;
import dev.skein.proto.v1.ServiceSpec;
import dev.skein.proto.v1.Task;
import dev.skein.proto.v1.TlsInfo;
import dev.skein.proto.v1.UpdateState;
import dev.skein.proto.v1.UpdateStatus;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProtoJsonTest {
  private static final String FULL_SPEC =
      """
      {"Name":"web","Labels":{"a":"1","b":""},
       "TaskTemplate":{
        "ContainerSpec":{"Image":"skein/process","Labels":{"x":"y"},"Command":["a"],"Args":["b","c"],
         "Hostname":"h","Env":["A=b"],"Dir":"/tmp","User":"u","Groups":["g"],"StopSignal":"SIGINT",
         "StopGracePeriod":1500000000},
        "Resources":{"Limits":{"NanoCPUs":1,"MemoryBytes":2,"Pids":3},
         "Reservations":{"NanoCPUs":4,"MemoryBytes":5}},
        "RestartPolicy":{"Condition":"on-failure","Delay":0,"MaxAttempts":0,"Window":7},
        "Placement":{"Constraints":["node.role==worker"],
         "Preferences":[{"Spread":{"SpreadDescriptor":"node.labels.zone"}}],
         "MaxReplicas":8,"Platforms":[{"Architecture":"amd64","OS":"linux"}]},
        "ForceUpdate":9,"Runtime":"process"},
       "Mode":{"Replicated":{"Replicas":0}},
       "UpdateConfig":{"Parallelism":0,"Delay":1,"FailureAction":"rollback","Monitor":2,
        "MaxFailureRatio":0.25,"Order":"start-first"},
       "RollbackConfig":{"Parallelism":18446744073709551615,"MaxFailureRatio":0.0},
       "EndpointSpec":{"Mode":"vip","Ports":[{"Name":"http","Protocol":"udp","TargetPort":80,
        "PublishedPort":65535,"PublishMode":"host"}]}}
      """;

  private static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }

  private static ServiceSpec spec(String text) {
    return ProtoJson.fromJson(json(text), ServiceSpec.getDefaultInstance());
  }

  @Test
  void everyFieldOfAServiceSpecSurvivesTheRoundTrip() {
    assertThat(ProtoJson.toJson(spec(FULL_SPEC))).isEqualTo(json(FULL_SPEC));
  }

  @Test
  void namesMatchWhateverTheirCaseAsInGo() {
    assertThat(spec("{\"name\":\"web\",\"TASKTEMPLATE\":{\"containerSpec\":{\"image\":\"i\"}}}"))
        .isEqualTo(
            spec("{\"Name\":\"web\",\"TaskTemplate\":{\"ContainerSpec\":{\"Image\":\"i\"}}}"));
  }

  @Test
  void whatSaysNothingIsAcceptedWhateverItsName() {
    assertThat(
            spec("""
            {"A":null,"B":false,"C":0,"D":"","E":[],"F":{},"G":{"H":[{"I":0.0}]},
             "TaskTemplate":{"ContainerSpec":{"DNSConfig":{},"Init":false,
              "Isolation":"default","Secrets":null}}}
            """)
                .getTaskTemplate()
                .getContainerSpec()
                .getSerializedSize())
        .isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'Foo':1} | unknown field Foo: leave it out or check its spelling",
        "{'TaskTemplate':{'ContainerSpec':{'Foo':'x'}}} | unknown field"
            + " TaskTemplate.ContainerSpec.Foo: leave it out or check its spelling",
        "{'TaskTemplate':{'ContainerSpec':{'Mounts':[{'Target':'/x'}]}}} |"
            + " TaskTemplate.ContainerSpec.Mounts is not supported yet: leave it out (got a list of"
            + " 1)",
        "{'TaskTemplate':{'ContainerSpec':{'Env':['A=b',3]}}} |"
            + " TaskTemplate.ContainerSpec.Env[1]: expected a string, got 3",
        "{'TaskTemplate':{'ContainerSpec':{'Env':[null]}}} |"
            + " TaskTemplate.ContainerSpec.Env[0]: expected a string, got null",
        "{'TaskTemplate':{'ContainerSpec':{'Env':'A=b'}}} |"
            + " TaskTemplate.ContainerSpec.Env: expected a list, got \"A=b\"",
        "{'TaskTemplate':[]} | TaskTemplate: expected an object, got a list of 0",
        "{'Labels':{'a':1}} | Labels[a]: expected a string, got 1",
        "{'Mode':{'Replicated':{'Replicas':'3'}}} |"
            + " Mode.Replicated.Replicas: expected an integer, got \"3\"",
        "{'Mode':{'Replicated':{'Replicas':1.5}}} |"
            + " Mode.Replicated.Replicas: expected an integer, got 1.5",
        "{'Mode':{'Replicated':{'Replicas':1e999999999}}} |"
            + " Mode.Replicated.Replicas: expected an integer, got 1e999999999",
        "{'Mode':{'Replicated':{'Replicas':-1}}} |"
            + " Mode.Replicated.Replicas: -1 is out of range, expected 0 to 18446744073709551615",
        "{'EndpointSpec':{'Ports':[{'TargetPort':4294967296}]}} |"
            + " EndpointSpec.Ports[0].TargetPort: 4294967296 is out of range, expected 0 to"
            + " 4294967295",
        "{'EndpointSpec':{'Ports':[{'Protocol':'sctp'}]}} |"
            + " EndpointSpec.Ports[0].Protocol: invalid value \"sctp\", expected tcp, udp",
        "{'UpdateConfig':{'Delay':'1s'}} | UpdateConfig.Delay: expected an integer, got \"1s\"",
        "{'UpdateConfig':{'MaxFailureRatio':'x'}} |"
            + " UpdateConfig.MaxFailureRatio: expected a number, got \"x\"",
      })
  void aRefusalNamesThePathTheValueAndWhatWasExpected(String text, String message) {
    assertThatThrownBy(() -> spec(text.replace('\'', '"')))
        .isInstanceOf(ApiException.class)
        .hasMessage(message);
  }

  @Test
  void anOffendingValueIsShownOnlySoFar() {
    assertThatThrownBy(() -> spec("{\"Mode\":\"" + "x".repeat(10_000) + "\"}"))
        .message()
        .hasSizeLessThan(120)
        .endsWith("…");
  }

  @Test
  void managersOnlyFieldsAreNeitherShownNorAccepted() {
    var cluster = Cluster.newBuilder();
    cluster.getRootCaBuilder().setKey("secret").setCertificate("pem");
    assertThat(ProtoJson.toJson(cluster.build()).toString()).doesNotContain("secret", "pem");
    var service = Service.newBuilder().setSpecVersion(7).setPendingDelete(true).build();
    assertThat(ProtoJson.toJson(service).keySet()).isEmpty();
    assertThatThrownBy(
            () ->
                ProtoJson.fromJson(json("{\"PendingDelete\":true}"), Service.getDefaultInstance()))
        .hasMessageContaining("unknown field PendingDelete");
  }

  @Test
  void enumsHaveDockersTexts() {
    assertThat(ProtoJson.toJson(Task.getDefaultInstance()).get("DesiredState"))
        .hasToString("\"new\"");
    assertThat(ProtoJson.toJson(NodeSpec.getDefaultInstance()).has("Role")).isFalse();
    var status =
        UpdateStatus.newBuilder().setState(UpdateState.UPDATE_STATE_ROLLBACK_STARTED).build();
    assertThat(ProtoJson.toJson(status).get("State")).hasToString("\"rollback_started\"");
    assertThat(
            ProtoJson.fromJson(json("{\"Role\":\"MANAGER\"}"), NodeSpec.getDefaultInstance())
                .getRole())
        .isEqualTo(NodeRole.NODE_ROLE_MANAGER);
    assertThat(
            ProtoJson.fromJson(json("{\"Availability\":\"\"}"), InitRequest.getDefaultInstance()))
        .isEqualTo(InitRequest.getDefaultInstance());
  }

  @Test
  void timesAreRfc3339AndDurationsNanoseconds() {
    var node = Node.newBuilder();
    node.getCreatedAtBuilder().setSeconds(1_700_000_000).setNanos(5);
    assertThat(ProtoJson.toJson(node.build()).get("CreatedAt"))
        .hasToString("\"2023-11-14T22:13:20.000000005Z\"");
    assertThat(
            ProtoJson.fromJson(
                    json("{\"CreatedAt\":\"2023-11-14T23:13:20.000000005+01:00\"}"),
                    Node.getDefaultInstance())
                .getCreatedAt())
        .isEqualTo(node.getCreatedAt());
    assertThatThrownBy(
            () -> ProtoJson.fromJson(json("{\"CreatedAt\":\"now\"}"), Node.getDefaultInstance()))
        .hasMessage("CreatedAt: expected a time as in 2006-01-02T15:04:05Z, got \"now\"");
    var spec =
        ProtoJson.fromJson(
            json("{\"Dispatcher\":{\"HeartbeatPeriod\":-1500000000}}"),
            ClusterSpec.getDefaultInstance());
    assertThat(spec.getDispatcher().getHeartbeatPeriod().getSeconds()).isEqualTo(-1);
    assertThat(spec.getDispatcher().getHeartbeatPeriod().getNanos()).isEqualTo(-500_000_000);
  }

  @Test
  void bytesAreBase64() {
    var tls =
        ProtoJson.fromJson(json("{\"CertIssuerSubject\":\"AQI=\"}"), TlsInfo.getDefaultInstance());
    assertThat(tls.getCertIssuerSubject().toByteArray()).containsExactly(1, 2);
    assertThat(ProtoJson.toJson(tls)).isEqualTo(json("{\"CertIssuerSubject\":\"AQI=\"}"));
    assertThatThrownBy(
            () ->
                ProtoJson.fromJson(
                    json("{\"CertIssuerSubject\":\"*\"}"), TlsInfo.getDefaultInstance()))
        .hasMessage("CertIssuerSubject: expected base64, got \"*\"");
  }

  static Stream<Message> messages() {
    return Stream.of(
        Node.getDefaultInstance(),
        Service.getDefaultInstance(),
        Task.getDefaultInstance(),
        Cluster.getDefaultInstance());
  }

  @ParameterizedTest
  @MethodSource("messages")
  void anEmptyMessageReadsBackFromItsJson(Message message) {
    assertThat(ProtoJson.fromJson(ProtoJson.toJson(message), message)).isEqualTo(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"9223372036854775808", "-9223372036854775809"})
  void aSignedIntegerOutOfRangeIsRefused(String number) {
    assertThatThrownBy(() -> spec("{\"UpdateConfig\":{\"Delay\":" + number + "}}"))
        .hasMessageContaining(number + " is out of range");
  }
}
