package testengine;

import java.util.Collection;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.metadata.DataStream;
import org.elasticsearch.cluster.metadata.IndexNameExpressionResolver;
import org.elasticsearch.cluster.metadata.MetadataDataStreamsService;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.io.stream.NamedWriteableRegistry;
import org.elasticsearch.common.settings.ClusterSettings;
import org.elasticsearch.common.settings.IndexScopedSettings;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.settings.SettingsFilter;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.rest.RestController;
import org.elasticsearch.rest.RestHandler;

/** This version's words for what {@link Extras} does. */
public class ExtrasPlugin extends Extras {
    @Override
    protected Collection<DataStream> dataStreams(ClusterState state) {
        return state.metadata().dataStreams().values();
    }

    @Override
    protected ClusterState without(ClusterState state, Set<DataStream> gone) {
        return MetadataDataStreamsService.deleteDataStreams(state, gone, Settings.EMPTY);
    }

    @Override
    public Collection<RestHandler> getRestHandlers(Settings settings, NamedWriteableRegistry nwr, RestController rc, ClusterSettings cs,
        IndexScopedSettings is, SettingsFilter sf, IndexNameExpressionResolver inr, Supplier<DiscoveryNodes> nodes, Predicate<NodeFeature> pf) {
        return handlers();
    }
}
