package com.alibaba.nacos.common.utils;

import com.alibaba.nacos.api.exception.runtime.NacosDeserializationException;
import com.alibaba.nacos.api.exception.runtime.NacosSerializationException;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Type;

/** JSON helpers that applications import from the original client. Unknown members are ignored, nulls not written. */
public final class JacksonUtils {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    static {
        MAPPER.disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
        MAPPER.setSerializationInclusion(Include.NON_NULL);
    }

    private JacksonUtils() {}

    private interface Reading<T> {
        T read() throws IOException;
    }

    private static <T> T read(Type type, Reading<T> reading) {
        try {
            return reading.read();
        } catch (IOException e) {
            throw type instanceof Class
                    ? new NacosDeserializationException((Class<?>) type, e)
                    : new NacosDeserializationException(type, e);
        }
    }

    /**
     * JSON of an object.
     *
     * @param obj the object
     * @return the JSON text
     * @throws NacosSerializationException when it cannot be written
     */
    public static String toJson(Object obj) {
        try {
            return MAPPER.writeValueAsString(obj);
        } catch (IOException e) {
            throw new NacosSerializationException(obj.getClass(), e);
        }
    }

    /**
     * JSON of an object.
     *
     * @param obj the object
     * @return the JSON text in UTF-8
     * @throws NacosSerializationException when it cannot be written
     */
    public static byte[] toJsonBytes(Object obj) {
        try {
            return MAPPER.writeValueAsBytes(obj);
        } catch (IOException e) {
            throw new NacosSerializationException(obj.getClass(), e);
        }
    }

    /**
     * Object of JSON.
     *
     * @param <T> type of the object
     * @param json the JSON text in UTF-8
     * @param cls class of the object
     * @return the object
     * @throws NacosDeserializationException when it cannot be read
     */
    public static <T> T toObj(byte[] json, Class<T> cls) {
        return read(cls, () -> MAPPER.readValue(json, cls));
    }

    /**
     * Object of JSON.
     *
     * @param <T> type of the object
     * @param json the JSON text in UTF-8
     * @param cls type of the object
     * @return the object
     * @throws NacosDeserializationException when it cannot be read
     */
    public static <T> T toObj(byte[] json, Type cls) {
        return read(cls, () -> MAPPER.readValue(json, MAPPER.constructType(cls)));
    }

    /**
     * Object of JSON.
     *
     * @param <T> type of the object
     * @param inputStream the JSON text in UTF-8
     * @param cls class of the object
     * @return the object
     * @throws NacosDeserializationException when it cannot be read
     */
    public static <T> T toObj(InputStream inputStream, Class<T> cls) {
        return read(cls, () -> MAPPER.readValue(inputStream, cls));
    }

    /**
     * Object of JSON.
     *
     * @param <T> type of the object
     * @param json the JSON text in UTF-8
     * @param typeReference type of the object
     * @return the object
     * @throws NacosDeserializationException when it cannot be read
     */
    public static <T> T toObj(byte[] json, TypeReference<T> typeReference) {
        return read(typeReference.getType(), () -> MAPPER.readValue(json, typeReference));
    }

    /**
     * Object of JSON.
     *
     * @param <T> type of the object
     * @param json the JSON text
     * @param cls class of the object
     * @return the object
     * @throws NacosDeserializationException when it cannot be read
     */
    public static <T> T toObj(String json, Class<T> cls) {
        return read(cls, () -> MAPPER.readValue(json, cls));
    }

    /**
     * Object of JSON.
     *
     * @param <T> type of the object
     * @param json the JSON text
     * @param type type of the object
     * @return the object
     * @throws NacosDeserializationException when it cannot be read
     */
    public static <T> T toObj(String json, Type type) {
        return read(type, () -> MAPPER.readValue(json, MAPPER.constructType(type)));
    }

    /**
     * Object of JSON.
     *
     * @param <T> type of the object
     * @param json the JSON text
     * @param typeReference type of the object
     * @return the object
     * @throws NacosDeserializationException when it cannot be read
     */
    public static <T> T toObj(String json, TypeReference<T> typeReference) {
        return read(typeReference.getType(), () -> MAPPER.readValue(json, typeReference));
    }

    /**
     * Object of JSON.
     *
     * @param <T> type of the object
     * @param inputStream the JSON text in UTF-8
     * @param type type of the object
     * @return the object
     * @throws NacosDeserializationException when it cannot be read
     */
    public static <T> T toObj(InputStream inputStream, Type type) {
        return read(type, () -> MAPPER.readValue(inputStream, MAPPER.constructType(type)));
    }

    /**
     * Tree of JSON.
     *
     * @param json the JSON text
     * @return the tree
     * @throws NacosDeserializationException when it cannot be read
     */
    public static JsonNode toObj(String json) {
        return read(JsonNode.class, () -> MAPPER.readTree(json));
    }

    /**
     * Registers a class under the name that JSON gives its type.
     *
     * @param clz the class
     * @param type the name
     */
    public static void registerSubtype(Class<?> clz, String type) {
        MAPPER.registerSubtypes(new NamedType(clz, type));
    }

    /**
     * An empty JSON object.
     *
     * @return the object
     */
    public static ObjectNode createEmptyJsonNode() {
        return MAPPER.createObjectNode();
    }

    /**
     * An empty JSON array.
     *
     * @return the array
     */
    public static ArrayNode createEmptyArrayNode() {
        return MAPPER.createArrayNode();
    }

    /**
     * Tree of an object.
     *
     * @param obj the object
     * @return the tree
     */
    public static JsonNode transferToJsonNode(Object obj) {
        return MAPPER.valueToTree(obj);
    }

    /**
     * Jackson's form of a type.
     *
     * @param type the type
     * @return its form
     */
    public static JavaType constructJavaType(Type type) {
        return MAPPER.constructType(type);
    }
}
