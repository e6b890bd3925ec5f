package io.nacre.cases;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The files of {@code tests/cases}. {@code NACRE_CASES} holds parts of names, separated by commas: only these run. That
 * each file fits the schema is the Rust runner's to check.
 */
public final class CaseFiles {
    private static final ObjectMapper JSON = new ObjectMapper();

    private CaseFiles() {}

    /**
     * Where they are.
     *
     * @return the folder
     */
    public static Path folder() {
        Path folder = Paths.get("").toAbsolutePath();
        while (!Files.exists(folder.resolve("tests/cases/schema.json"))) {
            folder = folder.getParent();
        }
        return folder.resolve("tests/cases");
    }

    /**
     * The cases that are to be run.
     *
     * @return files by names
     * @throws IOException when a file cannot be read
     */
    public static Map<String, Path> chosen() throws IOException {
        String[] parts = System.getenv().getOrDefault("NACRE_CASES", "").split(",");
        Map<String, Path> chosen = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder())) {
            files.filter(path -> path.toString().endsWith(".json") && !path.endsWith("schema.json"))
                    .forEach(path -> {
                        String name = folder().relativize(path).toString().replace(".json", "");
                        if (Arrays.stream(parts).anyMatch(name::contains)) {
                            chosen.put(name, path);
                        }
                    });
        }
        if (chosen.isEmpty()) {
            throw new IllegalStateException("no case has one of these in its name: " + List.of(parts));
        }
        return chosen;
    }

    /**
     * Reads a case.
     *
     * @param file the file
     * @return the case
     * @throws IOException when it cannot be read
     */
    public static JsonNode read(Path file) throws IOException {
        return JSON.readTree(file.toFile());
    }

    /**
     * What a case may require of a client beyond the common.
     *
     * @return the words
     * @throws IOException when the schema cannot be read
     */
    public static Set<String> capabilities() throws IOException {
        Set<String> known = new TreeSet<>();
        read(folder().resolve("schema.json"))
                .at("/$defs/capability/enum")
                .forEach(word -> known.add(word.asText()));
        return known;
    }
}
