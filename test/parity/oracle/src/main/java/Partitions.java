import com.fasterxml.jackson.databind.*;
import com.fasterxml.jackson.databind.node.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/** A scenario over several partitions whose tasks share nothing but global tables: one run for each partition. */
class Partitions {
  static ArrayNode run(ObjectMapper m, ObjectNode sc, int n) {
    Set<String> global = new HashSet<>();
    for (JsonNode o : sc.get("topology")) if (o.get("op").asText().equals("globalTable")) global.add(o.get("topic").asText());
    List<ArrayNode> runs = new ArrayList<>();
    for (int p = 0; p < n; p++) {
      ObjectNode part = sc.deepCopy();
      ArrayNode input = part.putArray("input");
      for (JsonNode r : sc.get("input"))
        if (r.has("advanceWallClockMs") || global.contains(r.get("topic").asText()) || of(r, n) == p) input.add(r);
        else input.addObject().put("elsewhere", true);
      runs.add(Oracle.run(m, part));
    }
    return Oracle.flat(m, runs);
  }

  /** As Kafka's producer: murmur2 of the key. Without a key it takes turns there; here it is the first partition. */
  static int of(JsonNode r, int n) {
    return r.hasNonNull("key") ? BuiltInPartitioner.partitionForKey(r.get("key").asText().getBytes(StandardCharsets.UTF_8), n) : 0;
  }
}
