package io.nacre.spring.config;

import io.nacre.NacreException;
import io.nacre.Status;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.diagnostics.FailureAnalyzer;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/** Says what to do when the application does not start for a config. */
@Order(Ordered.HIGHEST_PRECEDENCE)
public final class ConfigFailureAnalyzer implements FailureAnalyzer {
    /** Made by Spring Boot. */
    public ConfigFailureAnalyzer() {}

    @Override
    public FailureAnalysis analyze(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConfigUnavailableException unavailable) {
                return unavailable(unavailable);
            }
            if (cause instanceof ConfigImportException wrong) {
                return new FailureAnalysis(wrong.getMessage() + ".", wrong.action() + ".", wrong);
            }
            if (cause instanceof ConfigContentException wrong) {
                return content(wrong);
            }
        }
        return null;
    }

    private static FailureAnalysis content(ConfigContentException wrong) {
        return new FailureAnalysis(
                wrong.getMessage(),
                "Correct the content on the server. If its format is another, say so by the extension of the data id, "
                        + "or by spring.cloud.nacos.config.file-extension when it has none. With \"optional:\" before "
                        + "the import the application starts without it.",
                wrong);
    }

    private static FailureAnalysis unavailable(ConfigUnavailableException failure) {
        ConfigSpec spec = failure.spec();
        StringBuilder text = new StringBuilder(failure.getMessage())
                .append(".\n\n    data id:   ")
                .append(spec.key().dataId())
                .append("\n    group:     ")
                .append(spec.key().group())
                .append("\n    namespace: ")
                .append(failure.namespace())
                .append("\n    server:    ")
                .append(spec.settings().servers().isEmpty()
                        ? spec.settings().endpoint() + " (address server)"
                        : String.join(",", spec.settings().servers()))
                .append(server(failure.status()));
        if (failure.getCause() instanceof NacreException cause) {
            text.append("\n    error:     ")
                    .append(cause.reason())
                    .append(" (")
                    .append(cause.kind().id())
                    .append(", ")
                    .append(cause.code())
                    .append(')');
        }
        failure.status().lastError().ifPresent(error -> text.append("\n    last failure of the connection: ")
                .append(error.reason()));
        return new FailureAnalysis(text.toString(), action(failure), failure);
    }

    private static String server(Status status) {
        return switch (status.serverGeneration()) {
            case OLD -> " (before 2.3)";
            case TWO -> " (2.3 to 2.5)";
            case THREE -> " (3.0 or later)";
            default -> " (never connected)";
        };
    }

    private static String action(ConfigUnavailableException failure) {
        String without = " To start without it, write \"optional:nacos:" + failure.spec().key().dataId()
                + "\", or set nacre.config.fail-fast=false for all imports.";
        return switch (failure.reason()) {
            case ABSENT ->
                "Publish it, or correct the data id (its extension is part of it), the group (\"?group=\" or "
                        + "spring.cloud.nacos.config.group) or the namespace (\"?namespace=\" or "
                        + "spring.cloud.nacos.config.namespace). A namespace is named by its id, not by its title."
                        + without;
            case FORBIDDEN ->
                "Check spring.cloud.nacos.username and spring.cloud.nacos.password, and that the user may read this "
                        + "namespace and group." + without;
            default ->
                "Start the server, or correct spring.cloud.nacos.server-addr. The client also needs the gRPC port, "
                        + "which is the main port + 1000. There was no snapshot of an earlier start either." + without;
        };
    }
}
