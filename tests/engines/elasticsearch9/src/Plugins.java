package testengine;

import java.util.List;

import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.transport.netty4.Netty4Plugin;
import org.elasticsearch.xpack.core.XPackPlugin;
import org.elasticsearch.xpack.kql.KqlPlugin;

/** What this version is started with. */
final class Plugins {
    static final List<Class<? extends Plugin>> ALL = List.of(
        Netty4Plugin.class, XPackPlugin.class, KqlPlugin.class, ExtrasPlugin.class);

    private Plugins() {
    }
}
