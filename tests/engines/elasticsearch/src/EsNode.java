package testengine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.http.HttpServerTransport;
import org.elasticsearch.node.ClasspathNode;
import org.elasticsearch.node.Node;

/** One Elasticsearch node on 127.0.0.1: {@code -Dhome} its folder, {@code -Dport} 0 for a free port. */
public final class EsNode {
    private EsNode() {
    }

    public static void main(String[] args) throws Exception {
        Path home = Path.of(System.getProperty("home")).toAbsolutePath();
        Files.createDirectories(home.resolve("config"));
        System.setProperty("es.logs.base_path", home.resolve("logs").toString());
        System.setProperty("es.logs.cluster_name", "test");
        Settings settings = Settings.builder()
            .put("path.home", home.toString())
            .put("cluster.name", "test")
            .put("node.name", "n1")
            .put("network.host", "127.0.0.1")
            .put("http.port", Integer.getInteger("port", 0))
            .put("transport.port", 0) // nothing connects to it
            .put("discovery.type", "single-node")
            .put("http.type", "netty4")
            .put("transport.type", "netty4")
            .put("logger.level", System.getProperty("loglevel", "WARN"))
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .put("xpack.security.enabled", false)
            .build();
        LogConfigurator.configureWithoutConfig(settings);
        LogConfigurator.configureESLogging();
        Node node = new ClasspathNode(settings, Plugins.ALL);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (Exception e) {
                e.printStackTrace();
            }
        }));
        Owner.watch();
        node.start();
        Owner.ready(node.injector().getInstance(HttpServerTransport.class).boundAddress().publishAddress().getPort());
        new CountDownLatch(1).await();
    }
}
