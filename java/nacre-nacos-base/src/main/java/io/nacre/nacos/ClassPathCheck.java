package io.nacre.nacos;

import java.net.URL;
import java.util.LinkedHashMap;
import java.util.Map;

/** Refuses to run beside the original client, whose classes have the same names as ours. */
final class ClassPathCheck {
    /** A class that only this artifact has, to the artifact. */
    private static final Map<String, String> ORIGINALS = new LinkedHashMap<>();

    static {
        ORIGINALS.put("com/alibaba/nacos/client/config/impl/ClientWorker.class", "nacos-client");
        ORIGINALS.put("com/alibaba/nacos/client/security/SecurityProxy.class", "nacos-client-basic");
        ORIGINALS.put("com/alibaba/nacos/common/remote/client/RpcClient.class", "nacos-common");
    }

    private ClassPathCheck() {}

    /**
     * Looks for the originals.
     *
     * @throws IllegalStateException when one is there; the message names its jar and what to exclude
     */
    static void run(ClassLoader loader) {
        for (Map.Entry<String, String> original : ORIGINALS.entrySet()) {
            URL found = loader.getResource(original.getKey());
            if (found != null) {
                String jar = jar(found, original.getKey());
                String artifact = artifact(jar, original.getValue());
                throw new IllegalStateException("the original Nacos client is on the class path: " + jar
                        + ". Its classes have the same names as those of io.nacre's Nacos client. Exclude it where it"
                        + " comes from: <exclusion><groupId>com.alibaba.nacos</groupId><artifactId>" + artifact
                        + "</artifactId></exclusion>, in Gradle: exclude group: 'com.alibaba.nacos', module: '"
                        + artifact + "'");
            }
        }
    }

    private static String jar(URL found, String resource) {
        String url = found.toString();
        String place = url.substring(0, url.length() - resource.length());
        return place.startsWith("jar:") && place.endsWith("!/") ? place.substring(4, place.length() - 2) : place;
    }

    /** The jar's own name tells more than the class: nacos-client contains what the others have. */
    private static String artifact(String jar, String fallback) {
        String name = jar.substring(jar.lastIndexOf('/') + 1);
        for (String artifact : new String[] {"nacos-client-basic", "nacos-client", "nacos-common"}) {
            if (name.startsWith(artifact)) {
                return artifact;
            }
        }
        return fallback;
    }
}
