package io.nacre.cases;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nacre.ConfigKey;
import io.nacre.ConfigValue;
import io.nacre.Instance;
import io.nacre.ServiceKey;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** Values of the client as cases see them. */
final class Values {
    private Values() {}

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static JsonNode of(boolean value) {
        return JsonNodeFactory.instance.booleanNode(value);
    }

    static <T> ArrayNode list(Collection<T> items, Function<T, JsonNode> show) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        items.forEach(item -> array.add(show.apply(item)));
        return array;
    }

    static ArrayNode texts(Collection<String> items) {
        return list(items, JsonNodeFactory.instance::textNode);
    }

    static ObjectNode map(Map<String, String> map) {
        ObjectNode object = object();
        map.forEach(object::put);
        return object;
    }

    static JsonNode instances(Collection<Instance> instances) {
        return list(instances, Values::instance);
    }

    static JsonNode instance(Instance instance) {
        ObjectNode object = object()
                .put("ip", instance.ip())
                .put("port", instance.port())
                .put("weight", instance.weight())
                .put("healthy", instance.isHealthy())
                .put("enabled", instance.isEnabled())
                .put("ephemeral", instance.isEphemeral())
                .put("cluster", instance.cluster());
        return object.set("metadata", map(instance.metadata()));
    }

    static JsonNode services(Collection<ServiceKey> keys) {
        return list(keys, key -> object().put("service", key.name()).put("group", key.group()));
    }

    static JsonNode configs(Collection<ConfigKey> keys) {
        return list(keys, key -> object().put("data_id", key.dataId()).put("group", key.group()));
    }

    static JsonNode config(ConfigValue value) {
        if (value == null) {
            return NullNode.instance;
        }
        return object()
                .put("content", value.content())
                .put("md5", value.md5())
                .put("type", value.type())
                .put("encrypted_data_key", value.encryptedDataKey())
                .put("source", value.source().name().toLowerCase(Locale.ROOT))
                .put("last_modified", value.lastModified());
    }
}
