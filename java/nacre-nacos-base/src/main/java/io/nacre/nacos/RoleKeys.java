package io.nacre.nacos;

import io.nacre.TemporaryKeys;
import java.time.Duration;

/** Where the keys of a cloud role are fetched; they come before permanent keys. */
final class RoleKeys {
    /** Null when the URL is that of a role. */
    final String url;
    /** Null when there is a URL. */
    final String role;

    final Duration refreshBeforeEnd;
    final boolean keep;

    private RoleKeys(String url, String role, Duration refreshBeforeEnd, boolean keep) {
        this.url = url;
        this.role = role;
        this.refreshBeforeEnd = refreshBeforeEnd;
        this.keep = keep;
    }

    /** Null when there is no role. */
    static RoleKeys of(PropertySources sources) {
        String url = sources.text("security.credentials.url");
        String role = sources.text("ramRoleName", sources.text("ram.role.name"));
        if (url == null && role == null) {
            return null;
        }
        Duration refresh = Duration.ofMillis(Math.max(1, sources.number("time.to.refresh.in.millisecond", 180000)));
        return new RoleKeys(url, url == null ? role : null, refresh, sources.flag("cache.security.credentials", true));
    }

    TemporaryKeys toNacre() {
        TemporaryKeys keys = url == null ? TemporaryKeys.ofRole(role) : TemporaryKeys.at(url);
        return keys.refreshBeforeEnd(refreshBeforeEnd).keep(keep);
    }
}
