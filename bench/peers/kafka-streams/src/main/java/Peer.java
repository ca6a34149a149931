import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
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
 * Kafka Streams doing what Headrace is measured at, on topics that are there: exactly once, a commit every 100 ms.
 * Arguments: mode bootstrap workload input output application threads cacheBytes stateDirectory.
 * Mode drain: from the first record seen until the group's committed offsets reach the end of the input, then one line of JSON.
 * Mode serve: until the process is ended.
 */
public class Peer {
  static final int COMMIT_MS = 100;
  static final int LOOK_MS = 20;

  public static void main(String[] arguments) throws Exception {
    String mode = arguments[0], bootstrap = arguments[1], workload = arguments[2], input = arguments[3], output = arguments[4], application = arguments[5];
    AtomicLong firstAt = new AtomicLong(), cpuAtFirst = new AtomicLong(), processed = new AtomicLong();
    Runnable seen = () -> {
      processed.incrementAndGet();
      if (firstAt.get() == 0 && firstAt.compareAndSet(0, System.nanoTime())) cpuAtFirst.set(cpuNanos());
    };
    Properties properties = new Properties();
    properties.put("application.id", application);
    properties.put("bootstrap.servers", bootstrap);
    properties.put("processing.guarantee", "exactly_once_v2");
    properties.put("commit.interval.ms", COMMIT_MS);
    properties.put("num.stream.threads", Integer.parseInt(arguments[6]));
    properties.put("statestore.cache.max.bytes", Long.parseLong(arguments[7]));
    properties.put("state.dir", arguments[8]);
    properties.put("auto.offset.reset", "earliest");
    properties.put("replication.factor", "1");
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap)); KafkaStreams streams = new KafkaStreams(topology(workload, input, output, seen), properties)) {
      streams.start();
      if (mode.equals("serve")) Thread.sleep(Long.MAX_VALUE);
      Map<TopicPartition, Long> ends = endsOf(admin, input);
      long end = ends.values().stream().mapToLong(Long::longValue).sum();
      while (committed(admin, application, ends) < end) Thread.sleep(LOOK_MS);
      double wall = (System.nanoTime() - firstAt.get()) / 1e9, cpu = (cpuNanos() - cpuAtFirst.get()) / 1e9;
      System.out.printf(Locale.ROOT, "{\"records\":%d,\"wallSeconds\":%.3f,\"cpuSeconds\":%.3f}%n", processed.get(), wall, cpu);
    }
    System.exit(0);
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
