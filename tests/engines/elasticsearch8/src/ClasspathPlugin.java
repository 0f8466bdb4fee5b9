package org.elasticsearch.plugins;

import java.util.List;

import org.elasticsearch.Build;

/** How this version describes a plugin of the class path. */
final class ClasspathPlugin {
    static PluginDescriptor descriptor(Class<? extends Plugin> c) {
        return new PluginDescriptor(c.getName(), "classpath plugin", "NA", Build.current().version(),
            Integer.toString(Runtime.version().feature()), c.getName(), null, List.of(), false, false, false, false);
    }

    private ClasspathPlugin() {
    }
}
