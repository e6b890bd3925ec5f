package io.nacre.spring.boot4;

import io.nacre.NacreClient;
import io.nacre.spring.actuate.Connection;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * UP while there is a connection, else UNKNOWN: the application goes on from its memory, and an orchestrator must not
 * kill it because the registry is away. A property makes it DOWN.
 */
final class ConnectionHealthIndicator extends AbstractHealthIndicator {
    private final Source source;
    private final boolean isDownWithout;

    ConnectionHealthIndicator(Source source, boolean isDownWithout) {
        super("the connection cannot be asked");
        this.source = source;
        this.isDownWithout = isDownWithout;
    }

    /** Has the client. */
    interface Source {
        NacreClient client() throws Exception;
    }

    @Override
    protected void doHealthCheck(Health.Builder builder) throws Exception {
        NacreClient client = source.client();
        if (Connection.isUp(client)) {
            builder.up();
        } else if (isDownWithout) {
            builder.down();
        } else {
            builder.unknown();
        }
        Connection.of(client).forEach(builder::withDetail);
    }
}
