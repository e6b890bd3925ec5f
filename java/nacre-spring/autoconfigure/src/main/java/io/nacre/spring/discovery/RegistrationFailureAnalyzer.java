package io.nacre.spring.discovery;

import io.nacre.ErrorKind;
import io.nacre.NacreException;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says what to do when an application does not start because it could not be registered. */
class RegistrationFailureAnalyzer extends AbstractFailureAnalyzer<RegistrationFailedException> {
    @Override
    protected FailureAnalysis analyze(Throwable root, RegistrationFailedException failure) {
        String text = failure.registration() + " could not be registered at " + failure.connection() + ": "
                + failure.getCause().getMessage();
        return new FailureAnalysis(text, action(failure.getCause()), failure);
    }

    private static String action(Throwable cause) {
        ErrorKind kind = cause instanceof NacreException nacre ? nacre.kind() : ErrorKind.INTERNAL;
        String later = " With spring.cloud.nacos.discovery.fail-fast=false the application starts all the same and is"
                + " registered as soon as that is possible.";
        return switch (kind) {
            case UNREACHABLE, TIMEOUT -> "Check that the server runs and that this machine reaches its main port and the"
                    + " port 1000 above it (spring.cloud.nacos.discovery.server-addr). To wait longer at the start, set"
                    + " nacre.discovery.start-timeout." + later;
            case FORBIDDEN -> "Check spring.cloud.nacos.discovery.username and password, and that this user may write to"
                    + " the namespace (spring.cloud.nacos.discovery.namespace).";
            default -> "Check the settings spring.cloud.nacos.discovery.* that the message names." + later;
        };
    }
}
