package testengine;

import static org.codelibs.opensearch.runner.OpenSearchRunner.newConfigs;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

import org.codelibs.opensearch.runner.OpenSearchRunner;
import org.opensearch.http.HttpServerTransport;

/** One OpenSearch node on 127.0.0.1: {@code -Dhome} its folder, {@code -Dport} 0 for a free port. */
public final class OpenSearchNode {
    private OpenSearchNode() {
    }

    public static void main(String[] args) throws Exception {
        String home = Path.of(System.getProperty("home")).toAbsolutePath().toString();
        OpenSearchRunner runner = new OpenSearchRunner();
        CountDownLatch stop = new CountDownLatch(1);
        Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            stop.countDown();
            try {
                main.join(15_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        Owner.watch();
        try {
            runner.onBuild((number, settings) -> {
                settings.put("network.host", "127.0.0.1");
                settings.put("http.host", "127.0.0.1");
                settings.put("transport.host", "127.0.0.1");
                settings.put("http.port", Integer.getInteger("port", 0)); // the runner fills it in when it is absent
                settings.put("transport.port", 0); // nothing connects to it
                settings.put("discovery.type", "single-node");
                settings.putList("node.roles", "cluster_manager", "data", "ingest"); // its default lacks ingest
                settings.put("cluster.routing.allocation.disk.threshold_enabled", false);
                settings.put("cluster.max_shards_per_node", 5000);
            }).build(newConfigs().basePath(home).numOfNode(1).clusterName("test"));
            runner.ensureYellow();
            Owner.ready(runner.node().injector().getInstance(HttpServerTransport.class)
                .boundAddress().publishAddress().getPort());
            stop.await();
        } catch (Throwable t) {
            t.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
        runner.close();
    }
}
