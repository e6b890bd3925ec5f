package io.nacre.nacos;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Access key and secret key: from the properties, else from the places where cloud images put them. */
final class SpasKeys {
    private static final Logger LOGGER = LoggerFactory.getLogger(SpasKeys.class);
    private static final SpasKeys NONE = new SpasKeys(null, null);

    final String accessKey;
    final String secretKey;
    /** Null unless they are temporary ones. */
    final String securityToken;

    private SpasKeys(String accessKey, String secretKey) {
        this(accessKey, secretKey, null);
    }

    private SpasKeys(String accessKey, String secretKey, String securityToken) {
        this.accessKey = accessKey;
        this.secretKey = secretKey;
        this.securityToken = securityToken;
    }

    static SpasKeys of(PropertySources sources) {
        String given = sources.text("security.credentials");
        if (given != null) {
            return ofText(given);
        }
        String access = sources.text("accessKey");
        String secret = sources.text("secretKey");
        if (access != null && secret != null) {
            return new SpasKeys(access, secret);
        }
        if (!sources.flag("isUseRamInfoParsing", sources.flag("nacos.use.ram.info.parsing", true))) {
            return NONE;
        }
        SpasKeys keys = ofFiles(sources);
        if (keys == NONE) {
            keys = keys(sources.text("spas_accessKey"), sources.text("spas_secretKey"));
        }
        return keys;
    }

    /** The answer of a metadata service, as a setting. */
    private static SpasKeys ofText(String json) {
        try {
            JsonNode keys = new ObjectMapper().readTree(json);
            String token = keys.path("SecurityToken").asText(null);
            return new SpasKeys(
                    keys.required("AccessKeyId").asText(),
                    keys.required("AccessKeySecret").asText(),
                    token);
        } catch (JsonProcessingException | IllegalArgumentException e) {
            // Without the cause: it may quote the keys.
            throw new IllegalArgumentException("security.credentials has no AccessKeyId and AccessKeySecret in JSON");
        }
    }

    private static SpasKeys ofFiles(PropertySources sources) {
        Properties file = resource("spas.properties");
        if (file == null) {
            String named = sources.jvm("spas.identity");
            file = load(
                    named != null
                            ? Paths.get(named)
                            : Paths.get("/home/admin/.spas_key", sources.text("project.name", "default")));
        }
        if (file != null) {
            return keys(file.getProperty("accessKey"), file.getProperty("secretKey"));
        }
        file = load(Paths.get("/etc/instanceInfo"));
        return file == null
                ? NONE
                : keys(file.getProperty("env_spas_accessKey"), file.getProperty("env_spas_secretKey"));
    }

    private static SpasKeys keys(String access, String secret) {
        boolean blank = PropertySources.isBlank(access) || PropertySources.isBlank(secret);
        return blank ? NONE : new SpasKeys(access.trim(), secret.trim());
    }

    private static Properties resource(String name) {
        ClassLoader loader = SpasKeys.class.getClassLoader();
        try (InputStream input = loader == null ? null : loader.getResourceAsStream(name)) {
            return load(input);
        } catch (IOException e) {
            LOGGER.warn("{} cannot be read", name, e);
            return null;
        }
    }

    private static Properties load(Path path) {
        if (!Files.isReadable(path) || Files.isDirectory(path)) {
            return null;
        }
        try (InputStream input = Files.newInputStream(path)) {
            return load(input);
        } catch (IOException e) {
            LOGGER.warn("{} cannot be read", path, e);
            return null;
        }
    }

    private static Properties load(InputStream input) throws IOException {
        if (input == null) {
            return null;
        }
        Properties properties = new Properties();
        properties.load(input);
        return properties;
    }
}
