package io.nacre.spring.tests.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.nacre.spring.client.NacreClientAutoConfiguration;
import io.nacre.spring.config.NacreConfigAutoConfiguration;
import io.nacre.spring.config.NacreConfigManager;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.cloud.autoconfigure.RefreshAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** What an import brings into the environment, and who wins. */
class ConfigImportTest extends ConfigLive {
    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration({
        NacreClientAutoConfiguration.class,
        NacreConfigAutoConfiguration.class,
        RefreshAutoConfiguration.class
    })
    static class App {}

    private Environment environment(String... args) {
        return run(App.class, args).getEnvironment();
    }

    @Test
    void formatsAreKnownByTheirExtension() throws Exception {
        publish("a.yaml", "a:\n  one: 1\n  list: [x, y]\n---\na.one: 2\n---\nspring.config.activate.on-profile: no\na.one: 3");
        publish("b.properties", "b.name=\u540d\nb.two=2");
        publish("c.json", "{\"c\": {\"n\": 1, \"list\": [{\"k\": true}], \"short\": {\"value\": \"s\"}} /* remark */}");
        publish("d.xml", "<d at='1'><e>text</e></d>");
        publish("e.txt", "whole");
        publish("noextension", "f.one=1");
        Environment environment = environment(
                "--spring.config.import=nacos:a.yaml,nacos:b.properties,nacos:c.json,nacos:d.xml,nacos:e.txt,nacos:noextension");
        assertEquals("2", environment.getProperty("a.one"));
        assertEquals("y", environment.getProperty("a.list[1]"));
        assertEquals("\u540d", environment.getProperty("b.name"));
        assertEquals("true", environment.getProperty("c.list[0].k"));
        assertEquals("s", environment.getProperty("c.short"));
        assertEquals("1", environment.getProperty("d.at"));
        assertEquals("text", environment.getProperty("d.e"));
        assertEquals("whole", environment.getProperty("e.txt"));
        assertEquals("1", environment.getProperty("f.one"));
    }

    @Test
    void groupNamespaceAndPlaceholdersAreNamedInTheImport() throws Exception {
        publish("other", "shop-dev.yaml", "from: group");
        String elsewhere = namespace + "-2";
        try (var there = admin(server(), elsewhere)) {
            there.config().publish(io.nacre.ConfigKey.of("common.yaml"), "common: far");
        }
        Environment environment = environment(
                "--stage=dev",
                "--spring.config.import=nacos:${spring.application.name}-${stage}.yaml?group=other,"
                        + "nacos:common.yaml?namespace=" + elsewhere);
        assertEquals("group", environment.getProperty("from"));
        assertEquals("far", environment.getProperty("common"));
    }

    @Test
    void aLaterImportWinsOverAnEarlierOne() throws Exception {
        publish("one.yaml", "k: one\nonly: one");
        publish("two.yaml", "k: two");
        Environment environment = environment("--spring.config.import=nacos:one.yaml,nacos:two.yaml");
        assertEquals("two", environment.getProperty("k"));
        assertEquals("one", environment.getProperty("only"));
    }

    @Test
    void preferenceSaysWhetherProfileFilesWin(@TempDir Path folder) throws Exception {
        publish("app.yaml", "k: remote\nargument: remote");
        Files.writeString(folder.resolve("application.properties"), "k=file\nspring.config.import=nacos:app.yaml${options:}");
        Files.writeString(folder.resolve("application-dev.properties"), "k=profile");
        String files = "--spring.config.location=" + folder.toUri();
        assertEquals("remote", environment(files, "--argument=local").getProperty("k"), "the import wins over its file");
        assertEquals("profile", environment(files, "--spring.profiles.active=dev").getProperty("k"));
        Environment remote = environment(
                files, "--spring.profiles.active=dev", "--options=?preference=remote", "--argument=local");
        assertEquals("remote", remote.getProperty("k"));
        assertEquals("local", remote.getProperty("argument"), "arguments always win");
        assertEquals(
                "remote",
                environment(files, "--spring.profiles.active=dev", "--spring.cloud.nacos.config.preference=remote")
                        .getProperty("k"));
    }

    @Test
    void profilesBringTheirVariantsWhenTheImportAsksForThem() throws Exception {
        publish("app.yaml", "k: plain\nonly: plain");
        publish("app-dev.yaml", "k: dev");
        assertEquals(
                "plain",
                environment("--spring.config.import=nacos:app.yaml", "--spring.profiles.active=dev")
                        .getProperty("k"));
        Environment with = environment(
                "--spring.config.import=nacos:app.yaml?profiles=true", "--spring.profiles.active=dev,other");
        assertEquals("dev", with.getProperty("k"));
        assertEquals("plain", with.getProperty("only"));
    }

    @Test
    void anImportWithoutADataIdBringsWhatThePropertiesList() throws Exception {
        publish("shared.yaml", "k: shared\nshared: yes");
        publish("common", "extension.yaml", "k: extension\nextension: yes");
        publish("old.yaml", "old: yes");
        publish("shop", "k: plain\nplain: yes");
        publish("shop.yaml", "k: file\nfile: yes");
        publish("shop-dev.yaml", "k: profile");
        String[] lists = {
            "--spring.config.import=nacos:",
            "--spring.cloud.nacos.config.file-extension=yaml",
            "--spring.cloud.nacos.config.shared-configs[0].data-id=shared.yaml",
            "--spring.cloud.nacos.config.shared-dataids=old.yaml",
            "--spring.cloud.nacos.config.extension-configs[0].data-id=extension.yaml",
            "--spring.cloud.nacos.config.extension-configs[0].group=common",
            "--spring.cloud.nacos.config.extension-configs[0].refresh=true",
            "--spring.profiles.active=dev"
        };
        var context = run(App.class, lists);
        Environment environment = context.getEnvironment();
        assertEquals("profile", environment.getProperty("k"));
        for (String key : new String[] {"shared", "extension", "old", "plain", "file"}) {
            assertEquals("true", environment.getProperty(key), key);
        }
        var sources = context.getBean(NacreConfigManager.class).sources();
        assertEquals(
                java.util.List.of("shop-dev.yaml", "shop.yaml", "shop", "extension.yaml", "shared.yaml", "old.yaml"),
                sources.stream().map(source -> source.key().dataId()).toList());
        assertEquals(
                java.util.List.of(true, true, true, true, false, false),
                sources.stream().map(source -> source.refresh()).toList());
    }

    @Test
    void aBootstrapContextReadsTheSameList() throws Exception {
        publish("shared.properties", "k=shared\nshared=yes");
        publish("shop.properties", "k=file");
        System.setProperty("spring.cloud.bootstrap.enabled", "true");
        try {
            Environment environment =
                    environment("--spring.cloud.nacos.config.shared-configs[0].data-id=shared.properties");
            assertEquals("file", environment.getProperty("k"));
            assertEquals("yes", environment.getProperty("shared"));
        } finally {
            System.clearProperty("spring.cloud.bootstrap.enabled");
        }
    }

    @Test
    void nothingIsImportedWhenItIsSwitchedOff() throws Exception {
        publish("app.yaml", "k: v");
        Environment environment =
                environment("--spring.config.import=nacos:app.yaml", "--spring.cloud.nacos.config.enabled=false");
        assertNull(environment.getProperty("k"));
    }
}
