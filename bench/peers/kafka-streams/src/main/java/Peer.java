import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.*;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.*;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Kafka Streams doing what Headrace is measured at, on topics that are there: exactly once, each update written out (no cache).
 * Arguments: NAME=VALUE, all of them needed but for instance; see the README.
 * Mode drain: from the first record seen until the group's committed offsets reach the end of the input, then one line of JSON.
 * Mode serve: until SIGTERM, at which it leaves the group and ends.
 */
public class Peer {
  static final int LOOK_MS = 20;
  static final Duration CLOSE_MAX = Duration.ofSeconds(20);

  public static void main(String[] arguments) throws Exception {
    Map<String, String> given = new HashMap<>();
    for (String each : arguments) given.put(each.substring(0, each.indexOf('=')), each.substring(each.indexOf('=') + 1));
    AtomicLong firstAt = new AtomicLong(), cpuAtFirst = new AtomicLong();
    Runnable seen = () -> {
      if (firstAt.get() == 0 && firstAt.compareAndSet(0, System.nanoTime())) cpuAtFirst.set(cpuNanos());
    };
    String brokers = need(given, "brokers"), input = need(given, "input"), application = need(given, "application");
    Properties properties = new Properties();
    properties.put("application.id", application);
    properties.put("bootstrap.servers", brokers);
    properties.put("processing.guarantee", "exactly_once_v2");
    properties.put("commit.interval.ms", Integer.parseInt(need(given, "commitMs")));
    properties.put("num.stream.threads", Integer.parseInt(need(given, "threads")));
    properties.put("statestore.cache.max.bytes", Long.parseLong(need(given, "cacheBytes")));
    properties.put("state.dir", need(given, "directory"));
    properties.put("auto.offset.reset", "earliest");
    // The broker's own default, as for the other topics.
    properties.put("replication.factor", "-1");
    if (given.containsKey("instance")) {
      properties.put("group.instance.id", given.get("instance"));
      properties.put("session.timeout.ms", Integer.parseInt(need(given, "sessionTimeoutMs")));
      properties.put("heartbeat.interval.ms", 1_000);
    }
    Topology topology = topology(need(given, "workload"), input, need(given, "output"), seen);
    KafkaStreams streams = new KafkaStreams(topology, properties);
    if (need(given, "mode").equals("serve")) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(new KafkaStreams.CloseOptions().timeout(CLOSE_MAX).leaveGroup(true))));
      streams.start();
      Thread.sleep(Long.MAX_VALUE);
    }
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", brokers)); streams) {
      streams.start();
      Map<TopicPartition, Long> ends = endsOf(admin, input);
      long records = ends.values().stream().mapToLong(Long::longValue).sum();
      while (committed(admin, application, ends) < records) Thread.sleep(LOOK_MS);
      double wall = (System.nanoTime() - firstAt.get()) / 1e9, cpu = (cpuNanos() - cpuAtFirst.get()) / 1e9, start = cpuAtFirst.get() / 1e9;
      System.out.printf(Locale.ROOT, "{\"records\":%d,\"wallSeconds\":%.3f,\"cpuSeconds\":%.3f,\"startCpuSeconds\":%.3f}%n", records, wall, cpu, start);
    }
    System.exit(0);
  }

  static String need(Map<String, String> given, String name) {
    if (given.containsKey(name)) return given.get(name);
    System.err.println("Kafka Streams' side of the bench needs " + name + "=VALUE");
    System.exit(2);
    return null;
  }

  static Map<TopicPartition, Long> endsOf(Admin admin, String topic) throws Exception {
    Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
    for (var each : admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions()) asked.put(new TopicPartition(topic, each.partition()), OffsetSpec.latest());
    Map<TopicPartition, Long> ends = new HashMap<>();
    for (var each : admin.listOffsets(asked).all().get().entrySet()) ends.put(each.getKey(), each.getValue().offset());
    return ends;
  }

  static long committed(Admin admin, String group, Map<TopicPartition, Long> ends) throws Exception {
    long sum = 0;
    for (var each : admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().entrySet())
      if (each.getValue() != null) sum += Math.min(each.getValue().offset(), ends.getOrDefault(each.getKey(), 0L));
    return sum;
  }

  static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
  }

  static Topology topology(String workload, String input, String output, Runnable seen) {
    StreamsBuilder builder = new StreamsBuilder();
    Serde<String> text = Serdes.String();
    Serde<byte[]> bytes = Serdes.ByteArray();
    KStream<String, byte[]> stream = builder.stream(input, Consumed.with(text, bytes)).peek((key, value) -> seen.run());
    switch (workload) {
      case "balances" -> stream.groupByKey(Grouped.with(text, bytes))
          .aggregate(() -> new byte[24], (key, value, balance) -> {
            ByteBuffer record = ByteBuffer.wrap(value), before = ByteBuffer.wrap(balance);
            return ByteBuffer.allocate(24).putLong(before.getLong() + record.getLong(8)).putLong(before.getLong() + 1).putLong(record.getLong(0)).array();
          }, Materialized.<String, byte[], KeyValueStore<Bytes, byte[]>>as("balances").withKeySerde(text).withValueSerde(bytes))
          .toStream().to(output, Produced.with(text, bytes));
      case "stateless" -> stream.filter((key, value) -> ByteBuffer.wrap(value).getLong(24) != 3).mapValues(value -> Arrays.copyOf(value, 32)).to(output, Produced.with(text, bytes));
      default -> throw new IllegalArgumentException(workload);
    }
    return builder.build();
  }
}
