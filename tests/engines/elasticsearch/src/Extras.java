package testengine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.elasticsearch.Build;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.admin.indices.create.AutoCreateAction;
import org.elasticsearch.action.admin.indices.create.CreateIndexRequest;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.ClusterStateUpdateTask;
import org.elasticsearch.cluster.metadata.DataStream;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.Priority;
import org.elasticsearch.common.Strings;
import org.elasticsearch.common.regex.Regex;
import org.elasticsearch.index.mapper.KeywordFieldMapper;
import org.elasticsearch.index.mapper.Mapper;
import org.elasticsearch.index.mapper.NumberFieldMapper;
import org.elasticsearch.index.mapper.TextFieldMapper;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.MapperPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestChannel;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xcontent.XContentBuilder;

/**
 * Stand-ins for modules that no registry carries: the root page, the three plain data stream calls,
 * and field types (wildcard, constant_keyword, match_only_text, scaled_float, unsigned_long) that are
 * stored as their nearest built-in type. What the versions name differently is in each one's ExtrasPlugin.
 */
abstract class Extras extends Plugin implements ActionPlugin, MapperPlugin {
    private ClusterService cluster;

    @Override
    public Collection<?> createComponents(PluginServices services) {
        cluster = services.clusterService();
        return List.of();
    }

    @Override
    public Map<String, Mapper.TypeParser> getMappers() {
        return Map.of(
            "wildcard", as(KeywordFieldMapper.PARSER),
            "constant_keyword", as(KeywordFieldMapper.PARSER, "value"),
            "match_only_text", as(TextFieldMapper.PARSER),
            "scaled_float", as(NumberFieldMapper.NumberType.DOUBLE.parser(), "scaling_factor"),
            "unsigned_long", as(NumberFieldMapper.NumberType.LONG.parser()));
    }

    private static Mapper.TypeParser as(Mapper.TypeParser real, String... drop) {
        return (name, node, ctx) -> {
            for (String d : drop) node.remove(d);
            return real.parse(name, node, ctx);
        };
    }

    private interface Call { void run(RestRequest r, RestChannel c) throws Exception; }

    private static RestHandler handler(String name, List<RestHandler.Route> routes, Call call) {
        return new BaseRestHandler() {
            @Override public String getName() { return name; }
            @Override public List<Route> routes() { return routes; }
            @Override protected RestChannelConsumer prepareRequest(RestRequest r, NodeClient client) {
                r.param("name");
                r.param("expand_wildcards");
                r.param("human");
                if (r.hasContent()) r.content();
                return c -> call.run(r, c);
            }
        };
    }

    private static void send(RestChannel c, Object map) throws Exception {
        try (XContentBuilder b = c.newBuilder()) {
            c.sendResponse(new RestResponse(RestStatus.OK, b.value(map)));
        }
    }

    private Set<DataStream> match(String pattern) {
        Set<DataStream> out = new HashSet<>();
        String[] p = pattern == null ? new String[] { "*" } : Strings.splitStringByCommaToArray(pattern);
        for (DataStream d : dataStreams(cluster.state())) {
            if (Regex.simpleMatch(p, d.getName()) || List.of(p).contains("_all")) out.add(d);
        }
        return out;
    }

    private static void fail(RestChannel c, Exception e) {
        try { c.sendResponse(new RestResponse(c, e)); } catch (Exception x) { throw new IllegalStateException(x); }
    }

    /** The data streams of a state. */
    protected abstract Collection<DataStream> dataStreams(ClusterState state);

    /** A state without some of its data streams. */
    protected abstract ClusterState without(ClusterState state, Set<DataStream> gone);

    /** What getRestHandlers gives, whose arguments differ. */
    protected List<RestHandler> handlers() {
        RestHandler root = handler("root", List.of(new RestHandler.Route(RestRequest.Method.GET, "/"), new RestHandler.Route(RestRequest.Method.HEAD, "/")),
            (r, c) -> send(c, Map.of("name", "n1", "cluster_name", cluster.getClusterName().value(), "cluster_uuid", cluster.state().metadata().clusterUUID(),
                "version", Map.of("number", Build.current().version(), "build_flavor", "default", "build_type", "unknown", "build_hash", Build.current().hash(),
                    "build_date", Build.current().date(), "build_snapshot", false, "lucene_version", org.apache.lucene.util.Version.LATEST.toString(),
                    "minimum_wire_compatibility_version", Build.current().minWireCompatVersion(),
                    "minimum_index_compatibility_version", Build.current().minIndexCompatVersion()),
                "tagline", "You Know, for Search")));
        RestHandler get = handler("get_ds", List.of(new RestHandler.Route(RestRequest.Method.GET, "/_data_stream"), new RestHandler.Route(RestRequest.Method.GET, "/_data_stream/{name}")),
            (r, c) -> {
                List<Object> l = new ArrayList<>();
                for (DataStream d : match(r.param("name"))) {
                    l.add(Map.of("name", d.getName(), "timestamp_field", Map.of("name", "@timestamp"), "generation", d.getGeneration(), "status", "GREEN",
                        "hidden", d.isHidden(), "system", d.isSystem(), "replicated", d.isReplicated(),
                        "indices", d.getIndices().stream().map(i -> Map.of("index_name", i.getName(), "index_uuid", i.getUUID())).toList()));
                }
                send(c, Map.of("data_streams", l));
            });
        RestHandler del = handler("del_ds", List.of(new RestHandler.Route(RestRequest.Method.DELETE, "/_data_stream/{name}")), (r, c) -> {
            String name = r.param("name");
            cluster.submitUnbatchedStateUpdateTask("delete-data-stream", new ClusterStateUpdateTask(Priority.HIGH) {
                @Override public ClusterState execute(ClusterState s) { return without(s, match(name)); }
                @Override public void onFailure(Exception e) { fail(c, e); }
                @Override public void clusterStateProcessed(ClusterState a, ClusterState b) {
                    try { send(c, Map.of("acknowledged", true)); } catch (Exception e) { fail(c, e); }
                }
            });
        });
        RestHandler put = new BaseRestHandler() {
            @Override public String getName() { return "put_ds"; }
            @Override public List<Route> routes() { return List.of(new Route(RestRequest.Method.PUT, "/_data_stream/{name}")); }
            @Override protected RestChannelConsumer prepareRequest(RestRequest r, NodeClient client) {
                String name = r.param("name");
                return c -> client.execute(AutoCreateAction.INSTANCE, new CreateIndexRequest(name), ActionListener.wrap(x -> send(c, Map.of("acknowledged", true)), e -> fail(c, e)));
            }
        };
        return List.of(root, get, del, put);
    }
}
