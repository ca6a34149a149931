import com.fasterxml.jackson.databind.*;
import com.fasterxml.jackson.databind.node.*;
import java.io.File;
import java.util.*;
import org.apache.kafka.streams.StreamsBuilder;

/** Prints what Kafka Streams' Topology.describe() says of each scenario, as one JSON object from the file's name to the text. */
public class Describe {
  public static void main(String[] args) throws Exception {
    ObjectMapper m = new ObjectMapper();
    ObjectNode all = m.createObjectNode();
    for (String f : args) {
      StreamsBuilder b = new StreamsBuilder();
      Map<String, Object> nodes = new LinkedHashMap<>();
      int n = 0;
      for (JsonNode o : m.readTree(new File(f)).get("topology")) Oracle.build(b, nodes, new LinkedHashSet<>(), o, n++);
      all.put(new File(f).getName(), b.build().describe().toString());
    }
    System.out.println(m.writerWithDefaultPrettyPrinter().writeValueAsString(all));
  }
}
